"""Interpreters of a backend that are not what they seem."""

import json
import sys
from collections.abc import Mapping

from tests.fault_injection.stage import Stage
from tests.fixtures.fake_worker import VERSIONS as VERSIONS


def plant_python(stage: Stage, otherwise: str = "", versions: Mapping[str, str] = VERSIONS) -> str:
    """Return an interpreter that has these versions installed, and runs a line of a shell.

    That is the fake worker when `otherwise` is empty. The versions stand in a file beside it.
    """
    answer = stage.folder / "versions.json"
    answer.write_text(json.dumps(dict(versions)))
    path = stage.folder / "planted-python"
    otherwise = otherwise or f'exec "{stage.python}" "$@"'
    path.write_text(f'#!/bin/sh\n[ "$1" = -I ] && exec cat "{answer}"\n{otherwise}\n')
    path.chmod(0o755)
    return str(path)


def real_worker(stage: Stage, keras: str) -> str:
    """Return an interpreter that runs the real worker with this source as its `keras`."""
    package = stage.folder / "planted" / "keras"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(keras)
    path = f"$PYTHONPATH:{package.parent}"
    return plant_python(stage, f'PYTHONPATH="{path}" exec "{sys.executable}" "$@"')
