"""Run reproductions with the interpreter of a backend, in a process of their own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from bench.system.interpreter import find_interpreter
from tests.upstream.effects import VERSIONS, script_path

RUN_ALL = Path(__file__).with_name("run_all.py")
#: A reproduction takes seconds; this is for a machine that is busy.
_DEADLINE_SECONDS = 600


def run_script(name: str, backend: str, home: Path) -> dict[str, Any]:
    """Return the JSON line of the reproduction `name`, run as its page says."""
    return _run([str(script_path(name))], backend, home)


def run_together(names: list[str], backend: str, home: Path) -> dict[str, Any]:
    """Return the JSON lines of the reproductions `names` by name, from one process on one CPU."""
    return _run([str(RUN_ALL), *(str(script_path(name)) for name in names)], backend, home)


def other_versions(backend: str) -> list[str]:
    """Return the packages of `backend` whose version is not the one the effects are of."""
    versions = find_interpreter(backend, {}).versions
    return [
        f"{name} {versions[name]} is installed, the effects were measured with {version}"
        for name, version in VERSIONS.items()
        if name in versions and versions[name].partition("+")[0] != version
    ]


def _run(arguments: list[str], backend: str, home: Path) -> dict[str, Any]:
    """`home` is an empty folder: the user's keras.json must not decide."""
    settings = {"KERAS_BACKEND": backend, "KERAS_HOME": str(home), "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [find_interpreter(backend, {}).python, *arguments],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
