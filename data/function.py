"""The dataset `FILE.py:FUNCTION`: arrays that a user's own function returns.

The function runs once in its own process, with its folder first on the path. Its arrays are
returned in an `.npz` file without pickled objects.
"""

import hashlib
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from data.child import RunChild
from data.errors import (
    BadOptionError,
    MissingSourceError,
    UserFunctionError,
    UserFunctionTimeoutError,
)
from data.local_imports import local_files
from data.npz import read_npz
from data.source import Arrays, Source
from data.user_arrays import USER_ARRAYS_VERSION, user_path

_RUNNER: Final = Path(__file__).with_name("function_runner.py")


def function_source(name: str, run_child: RunChild) -> Source:
    """Return the source of `FILE.py:FUNCTION`; `run_child` runs the function when it is read.

    Raises BadOptionError or MissingSourceError.
    """
    location, _, function = name.rpartition(":")
    path = user_path(location)
    if not function.isidentifier():
        raise BadOptionError(f"The dataset {name!r} lacks a function; write FILE.py:FUNCTION.")
    try:
        contents = [file.read_bytes() for file in local_files(path)]
    except OSError as error:
        raise MissingSourceError(f"{error.filename} cannot be read ({error.strerror}).") from error
    path = path.resolve()
    digest = hashlib.sha256(f"{path}\0{function}".encode(errors="surrogateescape"))
    for content in contents:
        digest.update(hashlib.sha256(content).digest())
    return Source(
        name=f"{path}:{function}",
        key=f"function{USER_ARRAYS_VERSION}-{digest.hexdigest()[:16]}",
        description=f"a user's function ({path.name}:{function})",
        official=False,
        classes=None,
        read=lambda: _run(path, function, run_child),
    )


def _run(path: Path, function: str, run_child: RunChild) -> Arrays:
    with tempfile.TemporaryDirectory(prefix="keras-bench-") as folder:
        output = Path(folder) / "arrays.npz"
        command = [sys.executable, str(_RUNNER), str(path), function, str(output)]
        # Without our folder, and without the runner's, `import data` finds the user's module.
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        end = run_child(command, {**_keras_backend(), **environment})
        if end.status == 0 and output.exists():  # it may have called os._exit(0)
            return read_npz(output, f"{path}:{function}")
    sys.stderr.write(end.errors)
    if end.status is None:
        raise UserFunctionTimeoutError(
            f"{path}:{function} returned no dataset within the timeout of "
            f"{end.allowed_seconds:g} s and was killed; a dataset function may take as long as "
            "one launch."
        )
    lines = end.errors.strip().splitlines() or [f"it exited with {end.status}"]
    raise UserFunctionError(f"{path}:{function} returned no dataset: {lines[-1].rstrip('.')}.")


def _keras_backend() -> dict[str, str]:
    """Return the variable that makes `import keras` in a user's file use an installed backend."""
    installed = [name for name in ("jax", "tensorflow", "torch") if find_spec(name)]
    return {"KERAS_BACKEND": installed[0]} if installed else {}
