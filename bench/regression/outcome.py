"""From a gate's plan and its pairs to its outcome: a verdict per cell, and whether the gate
itself is valid."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from bench.core.exit_codes import ExitCode
from bench.regression.pair import Pair, PairKind
from bench.regression.sequential import invalid, judge_looks, judge_means, learn_priors
from bench.regression.store import Expected, GatePlan
from bench.regression.validity import invalid_reason
from bench.regression.verdict import INTERIM_LOOKS, Verdict

Key = tuple[PairKind, str]

_CONTROLS: Final[tuple[PairKind, ...]] = ("negative", "positive")

#: The steps that the candidate of a positive control does per reported step.
CONTROL_WORK: Final = 1.1
#: The allowed error of a positive control's estimate, as a multiple of the added work.
CONTROL_ERROR: Final = 1.0


class GateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The verdicts of all expected cells and controls, and the defects of the gate itself.

    If there are any `defects`, every verdict is `invalid`. `minutes` is the total time of each
    comparison's pairs. `means` holds verdicts on geometric means over cells; it is empty unless
    there are several cells and all of them have valid measurements.
    """

    verdicts: tuple[Verdict, ...]
    controls: tuple[tuple[PairKind, Verdict], ...]
    defects: tuple[str, ...]
    minutes: dict[Key, float]
    means: tuple[Verdict, ...] = ()

    @property
    def rows(self) -> list[tuple[str, Verdict]]:
        """All verdicts with their kind, in the order of the tables."""
        cells = [("cell", verdict) for verdict in self.verdicts]
        return [*cells, *(("mean", verdict) for verdict in self.means), *self.controls]


def judge_gate(plan: GatePlan, pairs: Sequence[Pair], machine_id: object) -> GateOutcome:
    """Return the outcome of a gate from its `pairs`, judged on the machine `machine_id`.

    It fails closed. A cell whose pairs are missing, invalid or too few is `invalid`. Every cell is
    `invalid` if a control is wrong, if there are unexpected pairs, if the plan expects nothing, or
    if the gate was measured on a different machine.
    """
    by_key = _by_key(plan, pairs)
    verdicts = _verdicts(plan, by_key, "cell")
    controls = [
        (kind, verdict) for kind in _CONTROLS for verdict in _verdicts(plan, by_key, kind).values()
    ]
    defects = [
        *_plan_defects(plan, machine_id),
        *_unexpected_pairs(plan, pairs),
        *(sentence for kind, verdict in controls if (sentence := _control_defect(kind, verdict))),
    ]
    for cell_id, reason in plan.unplanned.items():
        verdicts[cell_id] = Verdict(cell_id=cell_id, verdict="invalid", pairs=0, reason=reason)
    if defects:
        verdicts = {
            cell_id: msgspec.structs.replace(
                verdict, verdict="invalid", reason=verdict.reason or "the session is invalid"
            )
            for cell_id, verdict in verdicts.items()
        }
    invalid_cells = any(each.verdict == "invalid" for each in verdicts.values())
    return GateOutcome(
        means=() if invalid_cells else tuple(_means(plan, by_key)),
        verdicts=tuple(verdicts.values()),
        controls=tuple(controls),
        defects=tuple(defects),
        minutes={
            key: sum(pair.seconds for pair in key_pairs) / 60 for key, key_pairs in by_key.items()
        },
    )


def _means(plan: GatePlan, by_key: Mapping[Key, Sequence[Pair]]) -> list[Verdict]:
    """Return the verdict on the mean over all cells, and on that of each of several backends."""
    cells = [each for each in plan.expected if each.kind == "cell"]
    backends = list(dict.fromkeys(each.cell.backend for each in cells))
    groups = {"all": cells}
    if len(backends) > 1:
        groups |= {b: [each for each in cells if each.cell.backend == b] for b in backends}
    pairs_by_mean = {
        f"mean of {len(members)} cells, {name}": [by_key[each.key] for each in members]
        for name, members in groups.items()
        if len(members) > 1
    }
    if not pairs_by_mean:
        return []
    return list(judge_means(pairs_by_mean, learn_priors(by_key.values())).values())


def undecided(plan: GatePlan, pairs: Sequence[Pair], looks: int) -> list[Expected]:
    """Return the comparisons that need more pairs after `looks` looks.

    A negative control ends after the first look, because it can only raise a false alarm.
    """
    by_key = _by_key(plan, pairs)
    verdicts: dict[Key, str] = {}
    kinds: tuple[PairKind, ...] = ("cell", "positive")
    for kind in kinds:
        for cell_id, verdict in _verdicts(plan, by_key, kind, looks).items():
            verdicts[kind, cell_id] = verdict.verdict
    return [each for each in plan.expected if verdicts.get(each.key) == "inconclusive"]


def _by_key(plan: GatePlan, pairs: Sequence[Pair]) -> dict[Key, list[Pair]]:
    by_key: dict[Key, list[Pair]] = {each.key: [] for each in plan.expected}
    for pair in pairs:
        if (pair.kind, pair.cell_id) in by_key:
            by_key[pair.kind, pair.cell_id].append(pair)
    return by_key


def _verdicts(
    plan: GatePlan,
    by_key: Mapping[Key, Sequence[Pair]],
    kind: PairKind,
    looks: int = len(INTERIM_LOOKS),
) -> dict[str, Verdict]:
    """Return the verdict per cell id of the comparisons of one kind, after at most `looks` looks.

    Each kind is a separate family of tests. A negative control has one look.
    """
    looks = 1 if kind == "negative" else looks
    expected = [each for each in plan.expected if each.kind == kind]
    family = len(expected) + (len(plan.unplanned) if kind == "cell" else 0)
    verdicts: dict[str, Verdict] = {}
    open_cells: dict[str, Sequence[Pair]] = {}
    for each in expected:
        cell_pairs = by_key[each.key]
        reason = invalid_reason(cell_pairs, each.baseline, each.candidate)
        if reason or len(cell_pairs) < INTERIM_LOOKS[0]:
            reason = (
                reason
                or f"{len(cell_pairs)} pairs were measured; at least {INTERIM_LOOKS[0]} are needed"
            )
            verdicts[each.cell.id] = invalid(each.cell.id, cell_pairs, reason)
        else:
            open_cells[each.cell.id] = cell_pairs
    other_pairs = [
        by_key[each.key]
        for each in plan.expected
        if each.kind != kind and not invalid_reason(by_key[each.key], each.baseline, each.candidate)
    ]
    verdicts |= judge_looks(open_cells, family, plan.margins, INTERIM_LOOKS[:looks], other_pairs)
    return {each.cell.id: verdicts[each.cell.id] for each in expected}


def _plan_defects(plan: GatePlan, machine_id: object) -> list[str]:
    defects = []
    keys = [each.key for each in plan.expected]
    if not any(kind == "cell" for kind, _ in keys):
        defects.append("The gate expects no cell that could be measured.")
    duplicates = sorted(
        {f"{cell_id} ({kind})" for kind, cell_id in keys if keys.count((kind, cell_id)) > 1}
    )
    if duplicates:
        defects.append(f"The gate expects these more than once: {', '.join(duplicates)}.")
    if plan.machine.get("machine_id") != machine_id:
        defects.append(
            f"The gate was measured on machine {plan.machine.get('machine_id')}, not on this one "
            f"({machine_id})."
        )
    backends = {each.cell.backend for each in plan.expected}
    for kind in _CONTROLS:
        lacking = backends - {each.cell.backend for each in plan.expected if each.kind == kind}
        if lacking:
            defects.append(f"There is no {kind} control for {', '.join(sorted(lacking))}.")
    return defects


def _unexpected_pairs(plan: GatePlan, pairs: Sequence[Pair]) -> list[str]:
    known = {each.key for each in plan.expected}
    names = sorted({f"{p.cell_id} ({p.kind})" for p in pairs if (p.kind, p.cell_id) not in known})
    return [f"The gate has pairs that it does not expect: {', '.join(names)}."] if names else []


def _control_defect(kind: PairKind, verdict: Verdict) -> str | None:
    """Return the sentence by which a control's verdict invalidates the gate, or None."""
    head = f"The {kind} control of {verdict.cell_id}"
    if verdict.verdict == "invalid":
        return f"{head} was not measured: {verdict.reason}."
    if kind == "negative":
        wrong = verdict.verdict in ("regressed", "improved")
        return f"{head}, a side against itself, is {verdict.verdict}." if wrong else None
    added = CONTROL_WORK - 1
    if verdict.verdict != "regressed":
        return f"{head}, with {added:.0%} more work, is {verdict.verdict} instead of regressed."
    for estimate in verdict.estimates:
        if abs(estimate.ratio - CONTROL_WORK) > CONTROL_ERROR * added:
            return (
                f"{head}, with {added:.0%} more work, measured {estimate.ratio - 1:+.1%} on the "
                f"{estimate.clock} clock."
            )
    return None


def gate_status(outcome: GateOutcome) -> ExitCode:
    """Return the status of the worst verdict; `INVALID` takes precedence.

    A mean can only make a gate fail. It need not pass, because every cell has to pass by itself.
    """
    verdicts = {each.verdict for each in outcome.verdicts}
    if outcome.defects or "invalid" in verdicts or not verdicts:
        return ExitCode.INVALID
    if "regressed" in verdicts or any(mean.verdict == "regressed" for mean in outcome.means):
        return ExitCode.REGRESSED
    return ExitCode.INCONCLUSIVE if "inconclusive" in verdicts else ExitCode.OK
