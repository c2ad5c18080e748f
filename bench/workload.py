"""A workload's name seen from the parent: its recipe, its builder and its source's hash."""

import hashlib
from pathlib import Path

from bench.machine import CHECKOUT
from models.table import DEFAULT_RECIPE, WORKLOADS, Recipe


class WorkloadNameError(ValueError):
    """A workload's name is neither in the table nor a user's FILE.py:FUNCTION."""


def resolve_workload(name: str) -> str:
    """Return the table's name unchanged, or a user's with the file's absolute path.

    Raises WorkloadNameError when the name is unknown or the file is not there.
    """
    if name in WORKLOADS:
        return name
    location, _, function = name.rpartition(":")
    if not location.endswith(".py") or not function.isidentifier():
        raise WorkloadNameError(
            f"workload is {name!r}; allowed are {', '.join(WORKLOADS)} or FILE.py:FUNCTION."
        )
    try:
        path = Path(location).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # an unknown ~user, a null byte
        why = str(error).rstrip(".")
        raise WorkloadNameError(f"workload is {name!r}, which is no path: {why}.") from error
    if not path.is_file():
        raise WorkloadNameError(f"workload is {name!r}, but there is no file {path}.")
    return f"{path}:{function}"


def recipe_of(name: str) -> Recipe:
    """Return the workload's own recipe, or the lab's for a user's builder."""
    return WORKLOADS[name].recipe if name in WORKLOADS else DEFAULT_RECIPE


def builder_of(name: str) -> str:
    """Return where the worker finds the builder: `module:function` or `/path/FILE.py:FUNCTION`."""
    return WORKLOADS[name].builder if name in WORKLOADS else name


def source_hash(name: str) -> str:
    """Return the sha256 of the workload's source: all of `models/`, or the user's file.

    Raises WorkloadNameError when it cannot be read.
    """
    if name in WORKLOADS:
        paths = sorted((CHECKOUT / "models").rglob("*.py"))
    else:
        paths = [Path(name.rpartition(":")[0])]
    total = hashlib.sha256()
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise WorkloadNameError(f"{path} cannot be read: {error.strerror}.") from error
        total.update(f"{path.name}\0".encode() + hashlib.sha256(content).digest())
    return total.hexdigest()
