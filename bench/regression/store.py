"""The book of a gate: what it expects, and every pair as it was measured, each written at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench.core.cell import Cell
from bench.core.result import Scalar
from bench.core.serialization import UnreadableError, decode_json
from bench.core.text import LineError
from bench.regression.messages import Identity
from bench.regression.pair import Kind, Pair
from bench.regression.verdict import Margins
from bench.storage.atomic import set_torn_aside, write_whole
from bench.storage.jsonl import append_rows, read_rows
from bench.storage.sessions import begin_sitting
from bench.storage.store import StoreError

#: Raised whenever the files of a gate change, or what is timed.
GATE_VERSION: Final = 3

#: What this checkout judges; 2 lacks what resuming needs.
READABLE_VERSIONS: Final = (2, 3)

_PLAN: Final = "gate.json"
_PAIRS: Final = "pairs.jsonl"
_VERDICTS: Final = "verdicts.json"


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
    that cannot be measured at all. `data_dir` is the user's own copy of the data, `datasets` has
    each dataset's fingerprint.
    """

    gate_version: int
    gate_id: str
    sides: tuple[str, str]
    margins: Margins
    machine: Mapping[str, Scalar]
    expected: tuple[Expected, ...]
    unplanned: Mapping[str, str]
    data_dir: str | None = None
    datasets: Mapping[str, str] = {}


class Book:
    """The folder of one gate."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; nothing is created before `open`."""
        self.folder = folder

    def open(self, plan: GatePlan) -> None:
        """Write down what is expected, unless the gate is resumed and has its plan.

        StoreError when the folder cannot be written.
        """
        try:
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
            if not (self.folder / _PLAN).exists():
                write_whole(self.folder / _PLAN, msgspec.json.encode(plan))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def add(self, pair: Pair) -> None:
        """Append a pair durably; StoreError says why it could not."""
        path = self.folder / _PAIRS
        try:
            append_rows(path, pair)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error

    @property
    def is_judged(self) -> bool:
        """Whether the gate came to its end."""
        return (self.folder / _VERDICTS).exists()

    def sit_down(self) -> None:
        """Write down that a sitting begins; a pair that a power cut tore is set aside before.

        BookError or ResumeError name what cannot be read, StoreError what cannot be written.
        """
        try:
            set_torn_aside(self.folder / _PAIRS)
            begin_sitting(self.folder, kept=len(self.pairs()))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def plan(self) -> GatePlan:
        """Return what the gate expects; BookError says why it cannot be told."""
        path = self.folder / _PLAN
        try:
            content = path.read_bytes()
            version = decode_json(content, _Version).gate_version
            if version not in READABLE_VERSIONS:
                raise BookError(
                    f"{path} is of gate version {version}; this harness reads "
                    f"{' and '.join(map(str, READABLE_VERSIONS))}: run the gate again."
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
        return read_rows(self.folder / _PAIRS, Pair, BookError)


class _Version(msgspec.Struct):
    gate_version: int
