"""Sessions: a race or a gate that was interrupted and resumed is measured in more than one."""

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
#: What the file was called in version 1; a resumed race or gate may have both.
_FORMER_FILE: Final = "sittings.jsonl"


class ResumeError(BenchError, ValueError):
    """What was interrupted is not there, is complete, or is no longer what it was begun as."""


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One session: its number from 0, when it began, and what of the former ones it kept.

    `started_at` is UTC in ISO 8601. `kept` counts the launches or the pairs that were kept,
    `superseded` the launches that are measured again. `git` is the harness that measured.
    """

    session_version: int = SESSION_VERSION
    number: int
    started_at: str
    kept: int
    superseded: int
    git: GitFacts


def _upgrade(document: Document) -> None:
    document.pop("sitting_version", None)


#: How a line of sessions.jsonl is stored; the lines of version 1 had another name for it.
SESSION_LAYOUT: Final = Layout(Session, "session_version", SESSION_VERSION, _upgrade, unnamed=1)


def start_session(
    folder: Path,
    *,
    kept: int = 0,
    superseded: int = 0,
    least: int = 0,
) -> Session:
    """Append a session that begins now to the folder's sessions.jsonl, and return it.

    Its number is `least` at least, in case that the file was lost. OSError when it cannot be
    appended; ResumeError when the former ones cannot be read.
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
    """Return the sessions in their order; none where the file is missing, as older ones are.

    ResumeError names a line that is damaged.
    """
    paths = (folder / _FORMER_FILE, folder / _FILE)
    return [each for path in paths for each in read_rows(path, SESSION_LAYOUT.decode, ResumeError)]


def minute(started_at: str) -> str:
    """Return `2026-11-01 at 12:00` of a time in ISO 8601, anything else as it is."""
    try:
        return datetime.fromisoformat(started_at).strftime("%Y-%m-%d at %H:%M")
    except ValueError:
        return sanitize_line(started_at)


def number_ranges(numbers: Sequence[int]) -> str:
    """Return numbers that count from 0 as people count them: `1 to 3, 5`."""
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
    """Yield `NAME was A and is B` for each fact that changed; of mappings the entries that did."""
    for name, was in before.items():
        found = now.get(name)
        if isinstance(was, Mapping) and isinstance(found, Mapping):
            keys = sorted(
                key for key in was.keys() | found.keys() if was.get(key) != found.get(key)
            )
            yield from (
                f"{name}: {key} was {was.get(key, 'missing')} and is {found.get(key, 'missing')}"
                for key in keys
            )
        elif was != found:
            yield f"{name} was {was} and is {found}"


def resume_call(command: str, name: str, reports: Path) -> str:
    """Return the command that continues `name`, to be typed where this one was."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    words = [str(shown), "-m", "bench", command, "--resume", name]
    if reports.absolute() != CHECKOUT / "reports":
        words += ["--reports", str(reports)]
    return f"`{shlex.join(words)}`"
