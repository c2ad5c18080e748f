"""The book of a gate: what it expects, and every pair as it was measured, each written at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import asdict

from bench.core.cell import Cell
from bench.core.result import Scalar
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import BenchError
from bench.regression.messages import Identity
from bench.regression.pair import PAIR_LAYOUT, Pair, PairKind
from bench.regression.verdict import Margins
from bench.storage.atomic import set_aside_truncated_line, write_atomic
from bench.storage.jsonl import append_rows, read_rows
from bench.storage.sessions import ResumeError, diff_mappings, start_session
from bench.storage.store import StoreError
from bench.system.machine import stable_facts

#: Raised whenever the files of a gate change, or what is timed.
GATE_VERSION: Final = 4

#: What this checkout judges: the plans of 3 and 4 are the same, and 2 lacks what resuming needs.
READABLE_GATE_VERSIONS: Final = (2, 3, 4)
_RESUMABLE_GATE_VERSIONS: Final = (3, 4)

_PLAN: Final = "gate.json"
_PAIRS: Final = "pairs.jsonl"
_VERDICTS: Final = "verdicts.json"


class GateStoreError(BenchError, ValueError):
    """The files of a gate are missing, damaged or of another version."""


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A contest that has to be decided: a cell and who its two sides are."""

    kind: PairKind
    cell: Cell
    baseline: Identity
    candidate: Identity

    @property
    def key(self) -> tuple[PairKind, str]:
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


class GateStore:
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
                write_atomic(self.folder / _PLAN, msgspec.json.encode(plan))
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
        """Write down that a session begins; a pair that a power cut tore is set aside before.

        GateStoreError or ResumeError name what cannot be read, StoreError what cannot be written.
        """
        try:
            set_aside_truncated_line(self.folder / _PAIRS)
            start_session(self.folder, kept=len(self.pairs()))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def plan(self) -> GatePlan:
        """Return what the gate expects; GateStoreError says why it cannot be told."""
        path = self.folder / _PLAN
        try:
            content = path.read_bytes()
            version = decode_json(content, _Version).gate_version
            if version not in READABLE_GATE_VERSIONS:
                raise GateStoreError(
                    f"{path} is of gate version {version}; this harness reads "
                    f"{' and '.join(map(str, READABLE_GATE_VERSIONS))}: run the gate again."
                )
            return decode_json(content, GatePlan)
        except OSError as error:
            raise GateStoreError(f"{path} cannot be read: {error.strerror}.") from error
        except DecodeError as error:
            raise GateStoreError(f"{path} is damaged: {error}.") from error

    def pairs(self) -> list[Pair]:
        """Return all pairs in the order in which they were measured.

        GateStoreError names the line that cannot be read: nothing is judged beside a damaged row.
        """
        return read_rows(self.folder / _PAIRS, PAIR_LAYOUT.decode, GateStoreError)


class _Version(msgspec.Struct):
    gate_version: int


def find_gate(gates: Path, name: str) -> tuple[GateStore, GatePlan]:
    """Return the book and the plan of the gate `name`, of the newest unfinished one if empty.

    `gates` is the folder of all gates. ResumeError when there is none, or when it has its verdicts;
    GateStoreError when its plan cannot be read.
    """
    known = sorted(path.parent.name for path in gates.glob("*/gate.json"))
    if name and name not in known:
        raise ResumeError(
            f"There is no gate {name!r} in {gates} that could be resumed; the newest are: "
            f"{', '.join(known[-5:]) or 'none'}."
        )
    if name and GateStore(gates / name).is_judged:
        raise ResumeError(f"{name} is complete: it has its verdicts.")
    for each in [name] if name else reversed(known):
        book = GateStore(gates / each)
        if not book.is_judged:
            return book, _resumable(book)
    raise ResumeError(f"There is no unfinished gate in {gates} to resume.")


def _resumable(book: GateStore) -> GatePlan:
    plan = book.plan()
    if plan.gate_version not in _RESUMABLE_GATE_VERSIONS:
        raise GateStoreError(
            f"{book.folder.name} is of gate version {plan.gate_version}, which cannot be resumed: "
            "run the gate again."
        )
    return plan


def check_unchanged(begun: GatePlan, now: GatePlan) -> None:
    """Raise ResumeError that names what is no longer as it was when the gate was begun.

    Both are plans of the same cells: `begun` the one that was written down, `now` today's.
    """
    changed = list(dict.fromkeys(_changed(begun, now)))
    if changed:
        raise ResumeError(
            f"{begun.gate_id} cannot be resumed, for its pairs would not be alike: "
            f"{'; '.join(changed)}."
        )


def _changed(begun: GatePlan, now: GatePlan) -> Iterator[str]:
    facts = [
        {"machine": stable_facts(plan.machine), "dataset": plan.datasets} for plan in (begun, now)
    ]
    yield from diff_mappings(*facts)
    found = {each.key: each for each in now.expected}
    for each in begun.expected:
        if each.key in found:
            yield from _changed_sides(each, found[each.key])
        else:
            why = now.unplanned.get(each.cell.id, "it is not planned any more")
            yield f"{each.cell.id} cannot be measured now ({why})"


def _changed_sides(begun: Expected, now: Expected) -> Iterator[str]:
    sides: list[tuple[str, Identity, Identity]] = [
        ("baseline", begun.baseline, now.baseline),
        ("candidate", begun.candidate, now.candidate),
    ]
    for side, was, found in sides:
        yield from (f"the {side}'s {text}" for text in diff_mappings(asdict(was), asdict(found)))
