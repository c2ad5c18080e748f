"""Real gates with known answers: their raw pairs, and the verdicts of the gate's own code."""

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

#: The target number of gates of each kind per backend; a stage is completed before the next.
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
    """Return the pairs of each gate in order; gates are in the order of their first pair."""
    gates: Gates = defaultdict(list)
    for row in rows:
        gates[row.arm, row.gate].append(row)
    return dict(gates)


def judge_real(gates: Gates, key: tuple[Arm, int]) -> Verdict | None:
    """Return the verdict of the gate's own code on one real gate; None while it needs more pairs.

    A session measures two controls in addition to a cell. Here they are the last earlier gates of a
    side against itself and against a tenth more work, on the same backend in the same condition.
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
    controls: dict[float, list[Pair]] = {}
    for other, gate in gates.items():
        if other == key:
            break
        arm = other[0]
        if (arm.backend, arm.condition) == (key[0].backend, key[0].condition) and arm.work in (
            1.0,
            CONTROL_WORK,
        ):
            controls[arm.work] = [row.pair for row in gate if not row.reason]
    return list(controls.values())


def next_gate(
    gates: Gates,
    backends: Sequence[str],
    sessions: Collection[str],
    kinds: Collection[GateKind] = (),
) -> tuple[Arm, int]:
    """Return the gate that gets the next pair, from the arm farthest from its stage's goal.

    An unfinished gate of one of the `sessions` is completed first. The arms of the last stage
    continue after it. If `kinds` are given, they replace the stages and have equal goals.
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


def import_gates(samples: SampleStore, other: SampleStore) -> None:
    """Append the gates of `other` to those of `samples`, with unused numbers.

    A gate whose first pair is already in `samples` was imported earlier. It is left unchanged, and
    pairs measured since then are not imported as a new gate. SampleStoreError if there are no rows
    or they cannot be read, StoreError if they cannot be written.
    """
    existing, imported = gates_of(samples.rows(RealPair)), gates_of(other.rows(RealPair))
    if not imported:
        raise SampleStoreError(
            f"{other.folder} holds no real gates, because pairs.jsonl has no pair."
        )
    known = {replace(gate[0], gate=0) for gate in existing.values()}
    begun = Counter(arm for arm, _ in existing)
    new_pairs: list[RealPair] = []
    for (arm, _), gate in imported.items():
        if replace(gate[0], gate=0) not in known:
            new_pairs += [replace(row, gate=begun[arm]) for row in gate]
            begun[arm] += 1
    missing = {row.session for row in new_pairs} - samples.contexts().keys()
    new_contexts = [context for name, context in other.contexts().items() if name in missing]
    for rows in (new_contexts, new_pairs):
        if rows:
            samples.add(*rows)
