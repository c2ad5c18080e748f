"""One row for each example and backend that was tried, in a file of JSON lines."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec

Way = Literal["plain", "bench"]


class ExamplePhase(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of `fit`, `evaluate` or `predict` from one line of the script.

    `epochs` are those of all its calls of `fit`; `logs` has their values, one after another.
    """

    method: str
    line: int
    seconds: float
    calls: int = 1
    epochs: int = 0
    logs: dict[str, list[Any]] = {}


class ExampleRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one example ended under one backend."""

    example: str
    backend: str
    way: Way
    status: Literal["ok", "failed", "timeout"]
    reason: str | None = None
    seconds: float = 0.0
    seed: int = 0
    phases: tuple[ExamplePhase, ...] = ()
    stand_ins: tuple[str, ...] = ()


def group_phases(calls: Iterable[ExamplePhase]) -> tuple[ExamplePhase, ...]:
    """Return the phases of single calls with those from one line of the script as one phase."""
    groups: dict[tuple[str, int], ExamplePhase] = {}
    for call in calls:
        known = groups.get((call.method, call.line))
        groups[call.method, call.line] = call if known is None else _joined(known, call)
    return tuple(groups.values())


def _joined(one: ExamplePhase, other: ExamplePhase) -> ExamplePhase:
    names = dict.fromkeys((*one.logs, *other.logs))
    return ExamplePhase(
        method=one.method,
        line=one.line,
        seconds=one.seconds + other.seconds,
        calls=one.calls + other.calls,
        epochs=one.epochs + other.epochs,
        logs={name: [*one.logs.get(name, []), *other.logs.get(name, [])] for name in names},
    )


def read_example_rows(path: Path) -> dict[tuple[str, str, str], ExampleRow]:
    """Return the last row of each example, backend and way; a cut last line is ignored."""
    rows: dict[tuple[str, str, str], ExampleRow] = {}
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        try:
            row = msgspec.json.decode(line, type=ExampleRow)
        except msgspec.MsgspecError:
            continue
        grouped = msgspec.structs.replace(row, phases=group_phases(row.phases))
        rows[row.example, row.backend, row.way] = grouped
    return rows


def add_row(path: Path, row: ExampleRow) -> None:
    """Append one row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(row) + b"\n")
