"""Real gates whose answer is known: their raw pairs, and what the gate's own code says of them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from bench.regression.outcome import CONTROL_WORK
from bench.regression.pair import Pair
from bench.regression.sequential import invalid, judge_looks
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict
from validation.gate.rows import KINDS, Arm, GateKind, RealPair
from validation.gate.store import SampleStore, SampleStoreError

#: How many gates of each kind are wanted per backend: all of a stage before the next one.
GATE_STAGES: Final[tuple[Mapping[GateKind, int], ...]] = (
    {KINDS["quiet:0"]: 20, KINDS["quiet:10"]: 20},
    {
        KINDS["quiet:5"]: 5,
        KINDS["quiet:3"]: 5,
        KINDS["half-loaded:0"]: 5,
        KINDS["half-loaded:10"]: 5,
        KINDS["plain:0"]: 2,
    },
    {
        KINDS["quiet:5"]: 20,
        KINDS["quiet:3"]: 20,
        KINDS["half-loaded:0"]: 20,
        KINDS["half-loaded:10"]: 20,
    },
    {KINDS["quiet:0"]: 60},
)

Gates = dict[tuple[Arm, int], list[RealPair]]


def gates_of(rows: Sequence[RealPair]) -> Gates:
    """Return the pairs of each gate in their order, gates in the order of their first pair."""
    found: Gates = defaultdict(list)
    for row in rows:
        found[row.arm, row.gate].append(row)
    return dict(found)


def judge_real(gates: Gates, key: tuple[Arm, int]) -> Verdict | None:
    """Return what the gate's own code says of one real gate; None while it needs more pairs.

    A session has two controls beside a cell: here they are the last gate of a side against itself
    and the last of one with a tenth more work that were begun before, on the same backend in the
    same condition.
    """
    gate = gates[key]
    pairs = [row.pair for row in gate]
    reason = next((row.reason for row in gate if row.reason), None)
    if reason:
        return invalid("", pairs, reason)
    looks = [look for look in INTERIM_LOOKS if look <= len(pairs)]
    if not looks:
        return None
    verdict = judge_looks({"": pairs}, 1, Margins(), looks, _controls(gates, key))[""]
    return verdict if verdict.verdict != "inconclusive" or looks[-1] == INTERIM_LOOKS[-1] else None


def _controls(gates: Gates, key: tuple[Arm, int]) -> list[list[Pair]]:
    found: dict[float, list[Pair]] = {}
    for other, gate in gates.items():
        if other == key:
            break
        arm = other[0]
        if (arm.backend, arm.condition) == (key[0].backend, key[0].condition) and arm.work in (
            1.0,
            CONTROL_WORK,
        ):
            found[arm.work] = [row.pair for row in gate if not row.reason]
    return list(found.values())


def next_gate(
    gates: Gates,
    backends: Sequence[str],
    sessions: Collection[str],
    kinds: Collection[GateKind] = (),
) -> tuple[Arm, int]:
    """Return the gate that gets the next pair: of the arm that is farthest from its stage's goal.

    A gate that was begun in one of the `sessions` is ended first. After the last stage its arms
    go on. Where `kinds` are given there are no stages, and none but those, all alike.
    """
    stages = (dict.fromkeys(kinds, 1),) if kinds else GATE_STAGES
    begun: Counter[Arm] = Counter()
    for (arm, number), gate in gates.items():
        if (
            arm.backend in backends
            and (not kinds or arm[1:] in kinds)
            and gate[0].session in sessions
            and judge_real(gates, (arm, number)) is None
        ):
            return arm, number
        begun[arm] += 1
    for stage in stages:
        parts = {
            arm: begun[arm] / goal
            for kind, goal in stage.items()
            for backend in backends
            if begun[arm := Arm(backend, *kind)] < goal or stage is stages[-1]
        }
        if parts:
            break
    arm = min(parts, key=lambda arm: parts[arm])
    return arm, begun[arm]


def import_gates(book: SampleStore, other: SampleStore) -> None:
    """Append the gates of `other` to those of `book`, with numbers that are free there.

    A gate whose first pair is in `book` was taken over before, and stays as it was then: the pairs
    that it got since make no gate of their own. SampleStoreError when there are no rows or they
    cannot be read, StoreError when they cannot be written.
    """
    own, theirs = gates_of(book.rows(RealPair)), gates_of(other.rows(RealPair))
    if not theirs:
        raise SampleStoreError(
            f"{other.folder} holds no real gates: there is no pair in pairs.jsonl."
        )
    known = {replace(gate[0], gate=0) for gate in own.values()}
    begun = Counter(arm for arm, _ in own)
    taken: list[RealPair] = []
    for (arm, _), gate in theirs.items():
        if replace(gate[0], gate=0) not in known:
            taken += [replace(row, gate=begun[arm]) for row in gate]
            begun[arm] += 1
    missing = {row.session for row in taken} - book.contexts().keys()
    new = [context for name, context in other.contexts().items() if name in missing]
    for rows in (new, taken):
        if rows:
            book.add(*rows)
