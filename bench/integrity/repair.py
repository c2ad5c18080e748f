"""Move broken files to reports/quarantine/, each with a line that gives the reason."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.core.atomic_file import sync_folder
from bench.integrity.readers import Problem
from bench.storage.atomic import write_atomic
from bench.storage.store import StoreError, new_run_id

#: Next to the files set aside: a line of JSON for each file, written before it is moved.
WHY = "why.jsonl"


def repair(reports: Path, problems: Sequence[Problem]) -> Path | None:
    """Move broken and left over files to a new folder and return it; None if there are none.

    Files keep their path below it; nothing is deleted or overwritten. StoreError names a file that
    cannot be moved; the files before it were moved.
    """
    movable = [problem for problem in problems if problem.state != "foreign"]
    if not movable:
        return None
    folder = reports / "quarantine" / new_run_id()
    for problem in movable:
        try:
            _explain(folder, problem)
            _set_aside(reports / problem.path, folder / problem.path, problem.kept)
        except OSError as error:
            raise StoreError(
                f"{reports / problem.path} cannot be moved to {folder}: {error.strerror}."
            ) from error
    return folder


def _explain(folder: Path, problem: Problem) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    line = {"path": str(problem.path), "state": problem.state, "why": problem.why}
    with (folder / WHY).open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _set_aside(path: Path, target: Path, kept: bytes | None) -> None:
    """Move a file; `kept` lines, if any, replace it after its copy is safely on disk."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if kept is None:
        path.rename(target)
        return
    shutil.copyfile(path, target)
    with target.open("rb+") as copy:
        os.fsync(copy.fileno())
    sync_folder(target.parent)
    write_atomic(path, kept)
