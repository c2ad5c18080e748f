"""A workload's name seen from the parent: its recipe, its builder and its source's hash."""

import os
from pathlib import Path

from bench.cell import Cell
from bench.job import Job
from bench.machine import CHECKOUT
from bench.source import files_sha256, source_files
from data.prepare import default_cache_dir
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


def builder_of(name: str, folder: Path | None = None) -> str:
    """Return where the worker finds the builder: `module:function` or `/path/FILE.py:FUNCTION`.

    A user's file is looked for in `folder`, by its name, where one is given.
    """
    if name in WORKLOADS:
        return WORKLOADS[name].builder
    location, _, function = name.rpartition(":")
    return name if folder is None else f"{folder / Path(location).name}:{function}"


def source_hash(name: str, folder: Path | None = None) -> str:
    """Return the sha256 of the workload's source: all of `models/`, or the user's file.

    They are looked for in `folder`, in this checkout by default. Raises WorkloadNameError when
    there is nothing, or when it cannot be read.
    """
    paths = source_files(builder_of(name, folder), folder or CHECKOUT)
    if not paths:
        raise WorkloadNameError(f"{folder} has no folder models with the workload {name}.")
    try:
        return files_sha256(paths)
    except OSError as error:
        where = error.filename or paths[0]
        raise WorkloadNameError(f"{where} cannot be read: {error.strerror}.") from error


def job_of(cell: Cell, dataset_folder: Path, source: str = "") -> Job:
    """Return the job that trains a cell on its prepared dataset, on all usable cores.

    Its workload is that of the folder `source`, this checkout's where that is empty.
    """
    recipe = recipe_of(cell.workload)
    return Job(
        cell=cell,
        builder=builder_of(cell.workload, Path(source) if source else None),
        optimizer=recipe.optimizer,
        loss=recipe.loss,
        metrics=recipe.metrics,
        dataset_folder=str(dataset_folder.resolve()),
        output_path="",
        cpus=tuple(sorted(os.sched_getaffinity(0))),
        weights_folder=str(default_cache_dir() / "weights"),
        source=source,
    )
