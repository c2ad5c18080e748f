"""One environment for all examples: the three frameworks and what else the examples import."""

import subprocess
import sys
import venv
from pathlib import Path

from bench.core.paths import CHECKOUT
from validation.keras_examples.catalogue import ExamplesError

_HERE = Path(__file__).parent


def make_environment(folder: Path) -> Path:
    """Make a virtual environment in `folder`, with the pins of constraints.txt; return its python.

    Packages that would replace TensorFlow's CPU build are installed without what they ask for.
    ExamplesError if pip fails.
    """
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    pins = str(CHECKOUT / "constraints.txt")
    for requirements, options in (("requirements", []), ("requirements-no-deps", ["--no-deps"])):
        file = str(_HERE / f"{requirements}.txt")
        command = [str(python), "-m", "pip", "install", "-q", "-c", pins, *options, "-r", file]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise ExamplesError(f"pip could not install {file} in {folder}")
    return python
