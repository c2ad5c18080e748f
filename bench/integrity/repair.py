"""Set aside what is broken: moved to reports/quarantine/, with a line that says why."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.core.atomic_file import sync_folder
from bench.integrity.readers import Problem
from bench.storage.atomic import write_atomic
from bench.storage.store import StoreError, new_run_id

#: Beside what was set aside: a line of JSON for each file, written before it is moved.
WHY = "why.jsonl"


def repair(reports: Path, flaws: Sequence[Problem]) -> Path | None:
    """Move what is broken or left over to a new folder and return that; None if there is nothing.

    Files keep their path below it; nothing is deleted or written over. StoreError names the file
    that could not be moved; those before it were.
    """
    movable = [flaw for flaw in flaws if flaw.state != "foreign"]
    if not movable:
        return None
    folder = reports / "quarantine" / new_run_id()
    for flaw in movable:
        try:
            _explain(folder, flaw)
            _set_aside(reports / flaw.path, folder / flaw.path, flaw.kept)
        except OSError as error:
            raise StoreError(
                f"{reports / flaw.path} cannot be moved to {folder}: {error.strerror}."
            ) from error
    return folder


def _explain(folder: Path, flaw: Problem) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    line = {"path": str(flaw.path), "state": flaw.state, "why": flaw.why}
    with (folder / WHY).open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _set_aside(path: Path, target: Path, kept: bytes | None) -> None:
    """Move a file; where whole lines are kept, they take its place when its copy is safe."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if kept is None:
        path.rename(target)
        return
    shutil.copyfile(path, target)
    with target.open("rb+") as copy:
        os.fsync(copy.fileno())
    sync_folder(target.parent)
    write_atomic(path, kept)
