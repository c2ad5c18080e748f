"""The files of a gate: its plan, and every pair, written as soon as it is measured."""

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

#: Raised whenever the files of a gate or the timed work change.
GATE_VERSION: Final = 4

#: The versions that can be judged. Plans of 3 and 4 are equal; 2 lacks the fields for resuming.
READABLE_GATE_VERSIONS: Final = (2, 3, 4)
_RESUMABLE_GATE_VERSIONS: Final = (3, 4)

_PLAN: Final = "gate.json"
_PAIRS: Final = "pairs.jsonl"
_VERDICTS: Final = "verdicts.json"


class GateStoreError(BenchError, ValueError):
    """The files of a gate are missing, damaged or of another version."""


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A comparison that needs a verdict: a cell and the identities of its two sides."""

    kind: PairKind
    cell: Cell
    baseline: Identity
    candidate: Identity

    @property
    def key(self) -> tuple[PairKind, str]:
        """The kind and the id of the cell."""
        return self.kind, self.cell.id


class GatePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The plan of a gate, fixed before the first measurement.

    `sides` are the two sides as the user wrote them. `unplanned` maps the id of each cell that
    cannot be measured to the reason. `data_dir` is the user's own copy of the data, `datasets`
    holds each dataset's fingerprint.
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
        """Use `folder`, which `open` creates."""
        self.folder = folder

    def open(self, plan: GatePlan) -> None:
        """Write the plan, unless the gate is resumed and already has it.

        StoreError if the folder cannot be written.
        """
        try:
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
            if not (self.folder / _PLAN).exists():
                write_atomic(self.folder / _PLAN, msgspec.json.encode(plan))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def add(self, pair: Pair) -> None:
        """Append a pair durably; StoreError if it cannot be written."""
        path = self.folder / _PAIRS
        try:
            append_rows(path, pair)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error

    @property
    def is_judged(self) -> bool:
        """Whether the gate is complete and has its verdicts."""
        return (self.folder / _VERDICTS).exists()

    def begin_session(self) -> None:
        """Set aside a line truncated by a power cut, then record that a session begins.

        GateStoreError or ResumeError if a file cannot be read, StoreError if one cannot be written.
        """
        try:
            set_aside_truncated_line(self.folder / _PAIRS)
            start_session(self.folder, kept=len(self.pairs()))
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def plan(self) -> GatePlan:
        """Return the plan of the gate; GateStoreError if it cannot be read."""
        path = self.folder / _PLAN
        try:
            content = path.read_bytes()
            version = decode_json(content, _Version).gate_version
            if version not in READABLE_GATE_VERSIONS:
                raise GateStoreError(
                    f"{path} has gate version {version}; this harness reads "
                    f"{', '.join(map(str, READABLE_GATE_VERSIONS))}. Run the gate again."
                )
            return decode_json(content, GatePlan)
        except OSError as error:
            raise GateStoreError(f"{path} cannot be read: {error.strerror}.") from error
        except DecodeError as error:
            raise GateStoreError(f"{path} is damaged: {error}.") from error

    def pairs(self) -> list[Pair]:
        """Return all pairs in the order in which they were measured.

        GateStoreError names a line that cannot be read; with a damaged line nothing is judged.
        """
        return read_rows(self.folder / _PAIRS, PAIR_LAYOUT.decode, GateStoreError)


class _Version(msgspec.Struct):
    gate_version: int


def find_gate(gates: Path, name: str) -> tuple[GateStore, GatePlan]:
    """Return the gate `name` and its plan; an empty name selects the newest unfinished gate.

    `gates` is the folder of all gates. ResumeError if there is none, or if it has its verdicts;
    GateStoreError if its plan cannot be read.
    """
    known = sorted(path.parent.name for path in gates.glob("*/gate.json"))
    if name and name not in known:
        raise ResumeError(
            f"There is no gate {name!r} in {gates}; the newest gates are "
            f"{', '.join(known[-5:]) or 'none'}."
        )
    if name and GateStore(gates / name).is_judged:
        raise ResumeError(f"{name} is complete and has its verdicts.")
    for each in [name] if name else reversed(known):
        store = GateStore(gates / each)
        if not store.is_judged:
            return store, _resumable(store)
    raise ResumeError(f"There is no unfinished gate in {gates} to resume.")


def _resumable(store: GateStore) -> GatePlan:
    plan = store.plan()
    if plan.gate_version not in _RESUMABLE_GATE_VERSIONS:
        raise GateStoreError(
            f"{store.folder.name} has gate version {plan.gate_version}, which cannot be resumed. "
            "Run the gate again."
        )
    return plan


def check_unchanged(begun: GatePlan, now: GatePlan) -> None:
    """Raise ResumeError, with the changes named, if the plan has changed since the gate began.

    Both are plans of the same cells: `begun` is the stored one, `now` the current one.
    """
    changed = list(dict.fromkeys(_changed(begun, now)))
    if changed:
        raise ResumeError(
            f"{begun.gate_id} cannot be resumed because its pairs would not be comparable: "
            f"{'; '.join(changed)}."
        )


def _changed(begun: GatePlan, now: GatePlan) -> Iterator[str]:
    facts = [
        {"machine": stable_facts(plan.machine), "dataset": plan.datasets} for plan in (begun, now)
    ]
    yield from diff_mappings(*facts)
    current = {each.key: each for each in now.expected}
    for each in begun.expected:
        if each.key in current:
            yield from _changed_sides(each, current[each.key])
        else:
            why = now.unplanned.get(each.cell.id, "it is no longer planned")
            yield f"{each.cell.id} cannot be measured now ({why})"


def _changed_sides(begun: Expected, now: Expected) -> Iterator[str]:
    sides: list[tuple[str, Identity, Identity]] = [
        ("baseline", begun.baseline, now.baseline),
        ("candidate", begun.candidate, now.candidate),
    ]
    for side, before, after in sides:
        yield from (f"the {side}'s {text}" for text in diff_mappings(asdict(before), asdict(after)))
