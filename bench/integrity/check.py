"""Check everything in the reports folder, and move what is broken to quarantine."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.core.atomic_file import sync_folder
from bench.integrity.readers import (
    Examine,
    Problem,
    examine_certificate,
    examine_gate,
    examine_lines,
    examine_race,
    examine_record,
)
from bench.profiling.samples import SAMPLES_LAYOUT
from bench.regression.pair import PAIR_LAYOUT
from bench.storage.atomic import write_atomic
from bench.storage.sessions import SESSION_LAYOUT
from bench.storage.store import StoreError, new_run_id

#: The examined files with their checks; the patterns are those of `PurePath.match`.
EXAMINED: Final[tuple[tuple[str, Examine], ...]] = (
    ("runs/*/records/*.json", examine_record),
    ("runs/*/superseded/*/records/*.json", examine_record),
    ("runs/*/race.json", examine_race),
    ("runs/*/sessions.jsonl", examine_lines(SESSION_LAYOUT.decode)),
    ("runs/*/sittings.jsonl", examine_lines(SESSION_LAYOUT.decode)),
    ("baselines/*/records/*.json", examine_record),
    ("gates/*/gate.json", examine_gate),
    ("gates/*/pairs.jsonl", examine_lines(PAIR_LAYOUT.decode)),
    ("gates/*/sessions.jsonl", examine_lines(SESSION_LAYOUT.decode)),
    ("gates/*/sittings.jsonl", examine_lines(SESSION_LAYOUT.decode)),
    ("layers/*/samples.jsonl", examine_lines(SAMPLES_LAYOUT.decode)),
    ("certificates/*/*/certificate.json", examine_certificate),
)
#: Folders that are not checked: committed results, files set aside, and outputs of reports.
_SKIPPED: Final = ("published", "quarantine", "latest", "compare", "history")


def check_reports(reports: Path) -> tuple[list[Problem], int]:
    """Return the problems in a reports folder, by path, and the number of examined files.

    Nothing is changed and no link is followed. StoreError if the folder cannot be read.
    """
    problems, examined = [], 0
    for path in _files(reports):
        examine = next((check for glob, check in EXAMINED if _fits(path, glob)), None)
        problem = _unexamined(reports, path, known=examine is not None)
        if problem is None and examine is not None:
            problem, examined = _examined(reports, path, examine), examined + 1
        if problem is not None:
            problems.append(problem)
    return problems, examined


def _files(reports: Path) -> Iterator[Path]:
    """Yield all files and links below the folder, relative to it, sorted."""

    def refuse(error: OSError) -> None:
        raise StoreError(f"{error.filename} cannot be read: {error.strerror}.") from error

    if not reports.exists():
        return
    for folder, folders, files in os.walk(reports, onerror=refuse):
        here = Path(folder).relative_to(reports)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = sorted(
            set(folders) - set(links) - (set(_SKIPPED) if here == Path() else set())
        )
        yield from (here / name for name in sorted([*files, *links]))


def _fits(path: Path, glob: str) -> bool:
    return len(path.parts) == glob.count("/") + 1 and path.match(glob)


def _unexamined(reports: Path, path: Path, *, known: bool) -> Problem | None:
    """Return the problem of a file's type, name or place, or None."""
    if (reports / path).is_symlink():
        return Problem(path=path, state="foreign", why="it is a link, and links are not followed")
    if not (reports / path).is_file():
        return Problem(path=path, state="foreign", why="it is not a regular file")
    if path.name.startswith(".") and path.name.endswith(".tmp"):
        return Problem(path=path, state="left over", why="an interrupted write left it")
    if not known and path.parent.name == "records":
        return Problem(path=path, state="foreign", why="it is not a record")
    return None


def _examined(reports: Path, path: Path, examine: Examine) -> Problem | None:
    try:
        content = (reports / path).read_bytes()
    except OSError as error:
        return Problem(path=path, state="foreign", why=f"it cannot be read ({error.strerror})")
    return examine(path, content)


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
