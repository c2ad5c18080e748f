"""One row for each example and backend that was tried, in a file of JSON lines."""

from pathlib import Path
from typing import Any, Literal

import msgspec

Way = Literal["plain", "bench"]


class ExamplePhase(msgspec.Struct, frozen=True, kw_only=True):
    """One call of `fit`, `evaluate` or `predict` from the script."""

    method: str
    line: int
    seconds: float
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
    phases: tuple[ExamplePhase, ...] = ()
    stand_ins: tuple[str, ...] = ()


def read_example_rows(path: Path) -> dict[tuple[str, str, str], ExampleRow]:
    """Return the last row of each example, backend and way; a cut last line is ignored."""
    rows: dict[tuple[str, str, str], ExampleRow] = {}
    lines = path.read_bytes().splitlines() if path.exists() else []
    for line in lines:
        try:
            row = msgspec.json.decode(line, type=ExampleRow)
        except msgspec.MsgspecError:
            continue
        rows[row.example, row.backend, row.way] = row
    return rows


def add_row(path: Path, row: ExampleRow) -> None:
    """Append one row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(row) + b"\n")
