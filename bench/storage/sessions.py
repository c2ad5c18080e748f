"""Sessions: an interrupted and resumed race or gate is measured in more than one."""

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from bench.core.paths import CHECKOUT
from bench.core.record import GitFacts
from bench.core.serialization import Document, Layout
from bench.core.text import BenchError, sanitize_line
from bench.storage.atomic import set_aside_truncated_line
from bench.storage.jsonl import append_rows, read_rows
from bench.system.machine import git_facts

#: Raised whenever the lines of sessions.jsonl change.
SESSION_VERSION: Final = 2

_FILE: Final = "sessions.jsonl"
#: The name of the file in version 1. A resumed race or gate may have both files.
_FORMER_FILE: Final = "sittings.jsonl"


class ResumeError(BenchError, ValueError):
    """An interrupted race or gate does not exist, is complete, or its conditions have changed."""


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One session: its number from 0, its start, and the numbers of kept and repeated launches.

    `started_at` is UTC in ISO 8601. `kept` is the number of launches or pairs kept from former
    sessions; `superseded` is the number of launches that this session repeats. `git` describes the
    checkout that measured.
    """

    session_version: int = SESSION_VERSION
    number: int
    started_at: str
    kept: int
    superseded: int
    git: GitFacts


def _upgrade(document: Document) -> None:
    document.pop("sitting_version", None)


#: The stored form of a line of sessions.jsonl; version 1 had another name for the version field.
SESSION_LAYOUT: Final = Layout(Session, "session_version", SESSION_VERSION, _upgrade, unnamed=1)


def start_session(
    folder: Path,
    *,
    kept: int = 0,
    superseded: int = 0,
    least: int = 0,
) -> Session:
    """Append a session that starts now to the folder's sessions.jsonl, and return it.

    Its number is at least `least`, in case the file was lost. Raises OSError if the session cannot
    be appended, and ResumeError if the former sessions cannot be read.
    """
    for name in (_FORMER_FILE, _FILE):
        set_aside_truncated_line(folder / name)
    session = Session(
        number=max(least, len(read_sessions(folder))),
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        kept=kept,
        superseded=superseded,
        git=git_facts(),
    )
    append_rows(folder / _FILE, session)
    return session


def read_sessions(folder: Path) -> list[Session]:
    """Return the sessions in order; none if the file is missing, as in older folders.

    Raises ResumeError, with the number of the line, if a line is damaged.
    """
    paths = (folder / _FORMER_FILE, folder / _FILE)
    return [each for path in paths for each in read_rows(path, SESSION_LAYOUT.decode, ResumeError)]


def minute(started_at: str) -> str:
    """Return a time in ISO 8601 as `2026-11-01 at 12:00`, and any other text unchanged."""
    try:
        return datetime.fromisoformat(started_at).strftime("%Y-%m-%d at %H:%M")
    except ValueError:
        return sanitize_line(started_at)


def number_ranges(numbers: Sequence[int]) -> str:
    """Return numbers that count from 0 as text that counts from 1, such as `1 to 3, 5`."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ", ".join(
        f"{low + 1}" if low == high else f"{low + 1} to {high + 1}" for low, high in ranges
    )


def diff_mappings(before: Mapping[str, object], now: Mapping[str, object]) -> Iterator[str]:
    """Yield `NAME was A and is B` for each changed fact or changed entry of a mapping."""
    for name, was in before.items():
        current = now.get(name)
        if isinstance(was, Mapping) and isinstance(current, Mapping):
            keys = sorted(
                key for key in was.keys() | current.keys() if was.get(key) != current.get(key)
            )
            yield from (
                f"{name}: {key} was {was.get(key, 'missing')} and is {current.get(key, 'missing')}"
                for key in keys
            )
        elif was != current:
            yield f"{name} was {was} and is {current}"


def resume_call(command: str, name: str, reports: Path) -> str:
    """Return the command that resumes `name` when typed in the current folder."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    words = [str(shown), "-m", "bench", command, "--resume", name]
    if reports.absolute() != CHECKOUT / "reports":
        words += ["--reports", str(reports)]
    return f"`{shlex.join(words)}`"
