"""The book of a gate: what it expects, and every pair as it was measured, each written at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench.baton import Identity
from bench.cell import Cell
from bench.decode import UnreadableError, decode_json
from bench.gate.judge import Margins
from bench.gate.pair import Kind, Pair
from bench.line import LineError
from bench.record import Scalar
from bench.store import StoreError

#: Raised whenever the files of a gate change, or what is timed.
GATE_VERSION: Final = 2

_PLAN: Final = "gate.json"
_PAIRS: Final = "pairs.jsonl"


class BookError(LineError, ValueError):
    """The files of a gate are missing, damaged or of another version."""


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contest that has to be decided: a cell and who its two sides are."""

    kind: Kind
    cell: Cell
    baseline: Identity
    candidate: Identity

    @property
    def key(self) -> tuple[Kind, str]:
        """The kind and the id of the cell."""
        return self.kind, self.cell.id


class GatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a gate is to decide, fixed before anything is measured.

    `sides` are the two sides as the user wrote them, `unplanned` is a phrase per cell id for cells
    that cannot be measured at all.
    """

    gate_version: int
    gate_id: str
    sides: tuple[str, str]
    margins: Margins
    machine: Mapping[str, Scalar]
    expected: tuple[Expected, ...]
    unplanned: Mapping[str, str]


class Book:
    """The folder of one gate."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; nothing is created before `open`."""
        self.folder = folder

    def open(self, plan: GatePlan) -> None:
        """Write down what is expected; StoreError when the folder cannot be written."""
        try:
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
            (self.folder / _PLAN).write_bytes(msgspec.json.encode(plan))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def add(self, pair: Pair) -> None:
        """Append a pair durably; StoreError says why it could not."""
        path = self.folder / _PAIRS
        try:
            with path.open("ab") as file:
                file.write(msgspec.json.encode(pair) + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error

    def plan(self) -> GatePlan:
        """Return what the gate expects; BookError says why it cannot be told."""
        path = self.folder / _PLAN
        try:
            content = path.read_bytes()
            version = decode_json(content, _Version).gate_version
            if version != GATE_VERSION:
                raise BookError(
                    f"{path} is of gate version {version}; this harness reads {GATE_VERSION}: "
                    "run the gate again."
                )
            return decode_json(content, GatePlan)
        except OSError as error:
            raise BookError(f"{path} cannot be read: {error.strerror}.") from error
        except UnreadableError as error:
            raise BookError(f"{path} is damaged: {error}.") from error

    def pairs(self) -> list[Pair]:
        """Return all pairs in the order in which they were measured.

        BookError names the line that cannot be read: nothing is judged beside a damaged row.
        """
        path = self.folder / _PAIRS
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BookError(f"{path} cannot be read: {error.strerror}.") from error
        pairs = []
        for number, line in enumerate(lines, start=1):
            try:
                pairs.append(decode_json(line, Pair))
            except UnreadableError as error:
                raise BookError(f"{path}, line {number} is damaged: {error}.") from error
        return pairs


class _Version(msgspec.Struct):
    gate_version: int
