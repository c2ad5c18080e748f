"""From a gate's plan and its pairs to its outcome: what each cell's verdict is, and whether
the session that found it can be believed."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from bench.core.exit_codes import ExitCode
from bench.regression.geomean import judge_means
from bench.regression.pair import Pair, PairKind
from bench.regression.sequential import invalid, judge_looks, learn_priors
from bench.regression.store import Expected, GatePlan
from bench.regression.validity import invalid_reason
from bench.regression.verdict import INTERIM_LOOKS, Verdict

Key = tuple[PairKind, str]

_CONTROLS: Final[tuple[PairKind, ...]] = ("negative", "positive")

#: The steps that the candidate of a positive control does for each one that it reports.
CONTROL_WORK: Final = 1.1
#: A positive control's estimate may be off by so much of what was added.
CONTROL_ERROR: Final = 1.0


class GateOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict per expected cell, the controls', and what is wrong with the session itself.

    Where `defects` is not empty nothing that the session found counts: every verdict is `invalid`.
    `minutes` are those of the pairs of each contest. `means` are verdicts on the geometric means
    of cells, where there is more than one cell and all were soundly measured.
    """

    verdicts: tuple[Verdict, ...]
    controls: tuple[tuple[PairKind, Verdict], ...]
    defects: tuple[str, ...]
    minutes: dict[Key, float]
    means: tuple[Verdict, ...] = ()

    @property
    def rows(self) -> list[tuple[str, Verdict]]:
        """All verdicts with their kind, as tables list them."""
        cells = [("cell", found) for found in self.verdicts]
        return [*cells, *(("mean", found) for found in self.means), *self.controls]


def judge_gate(plan: GatePlan, pairs: Sequence[Pair], machine_id: object) -> GateOutcome:
    """Return what `pairs` say of all that the plan expects, judged on the machine `machine_id`.

    It fails closed: what is missing, unsound, unexpected or cut short is `invalid`, and so is
    everything when a control is wrong, the plan expects nothing or the machine is another.
    """
    by_key = _by_key(plan, pairs)
    verdicts = _verdicts(plan, by_key, "cell")
    controls = [
        (kind, found) for kind in _CONTROLS for found in _verdicts(plan, by_key, kind).values()
    ]
    defects = [
        *_plan_defects(plan, machine_id),
        *_strangers(plan, pairs),
        *(sentence for kind, found in controls if (sentence := _control_defect(kind, found))),
    ]
    for cell_id, reason in plan.unplanned.items():
        verdicts[cell_id] = Verdict(cell_id=cell_id, verdict="invalid", pairs=0, reason=reason)
    if defects:
        verdicts = {
            cell_id: msgspec.structs.replace(
                found, verdict="invalid", reason=found.reason or "the session is invalid"
            )
            for cell_id, found in verdicts.items()
        }
    invalid_cells = any(found.verdict == "invalid" for found in verdicts.values())
    return GateOutcome(
        means=() if invalid_cells else tuple(_means(plan, by_key)),
        verdicts=tuple(verdicts.values()),
        controls=tuple(controls),
        defects=tuple(defects),
        minutes={key: sum(pair.seconds for pair in found) / 60 for key, found in by_key.items()},
    )


def _means(plan: GatePlan, by_key: Mapping[Key, Sequence[Pair]]) -> list[Verdict]:
    """Return the verdict on the mean over all cells, and on each backend's where there are more."""
    cells = [each for each in plan.expected if each.kind == "cell"]
    backends = list(dict.fromkeys(each.cell.backend for each in cells))
    groups = {"all": cells}
    if len(backends) > 1:
        groups |= {b: [each for each in cells if each.cell.backend == b] for b in backends}
    found = {
        f"mean of {len(own)} cells, {name}": [by_key[each.key] for each in own]
        for name, own in groups.items()
        if len(own) > 1
    }
    return list(judge_means(found, learn_priors(by_key.values())).values()) if found else []


def undecided(plan: GatePlan, pairs: Sequence[Pair], looks: int) -> list[Expected]:
    """Return the contests that need more pairs after so many looks.

    A negative control is over after the first look: it can only raise a false alarm.
    """
    by_key = _by_key(plan, pairs)
    found: dict[Key, str] = {}
    kinds: tuple[PairKind, ...] = ("cell", "positive")
    for kind in kinds:
        for cell_id, verdict in _verdicts(plan, by_key, kind, looks).items():
            found[kind, cell_id] = verdict.verdict
    return [each for each in plan.expected if found.get(each.key) == "inconclusive"]


def _by_key(plan: GatePlan, pairs: Sequence[Pair]) -> dict[Key, list[Pair]]:
    found: dict[Key, list[Pair]] = {each.key: [] for each in plan.expected}
    for pair in pairs:
        if (pair.kind, pair.cell_id) in found:
            found[pair.kind, pair.cell_id].append(pair)
    return found


def _verdicts(
    plan: GatePlan,
    by_key: Mapping[Key, Sequence[Pair]],
    kind: PairKind,
    looks: int = len(INTERIM_LOOKS),
) -> dict[str, Verdict]:
    """Return the verdict per cell id of the contests of one kind, after at most so many looks.

    Each kind is a family of its own. A negative control has one look.
    """
    looks = 1 if kind == "negative" else looks
    expected = [each for each in plan.expected if each.kind == kind]
    family = len(expected) + (len(plan.unplanned) if kind == "cell" else 0)
    verdicts: dict[str, Verdict] = {}
    open_cells: dict[str, Sequence[Pair]] = {}
    for each in expected:
        own = by_key[each.key]
        reason = invalid_reason(own, each.baseline, each.candidate)
        if reason or len(own) < INTERIM_LOOKS[0]:
            reason = reason or f"{len(own)} pairs were measured; {INTERIM_LOOKS[0]} are the fewest"
            verdicts[each.cell.id] = invalid(each.cell.id, own, reason)
        else:
            open_cells[each.cell.id] = own
    beside = [
        by_key[each.key]
        for each in plan.expected
        if each.kind != kind and not invalid_reason(by_key[each.key], each.baseline, each.candidate)
    ]
    verdicts |= judge_looks(open_cells, family, plan.margins, INTERIM_LOOKS[:looks], beside)
    return {each.cell.id: verdicts[each.cell.id] for each in expected}


def _plan_defects(plan: GatePlan, machine_id: object) -> list[str]:
    defects = []
    keys = [each.key for each in plan.expected]
    if not any(kind == "cell" for kind, _ in keys):
        defects.append("The gate expects no cell that could be measured.")
    doubles = sorted(
        {f"{cell_id} ({kind})" for kind, cell_id in keys if keys.count((kind, cell_id)) > 1}
    )
    if doubles:
        defects.append(f"The gate expects twice: {', '.join(doubles)}.")
    if plan.machine.get("machine_id") != machine_id:
        defects.append(
            f"The gate was measured on the machine {plan.machine.get('machine_id')}, which is not "
            f"this one ({machine_id})."
        )
    backends = {each.cell.backend for each in plan.expected}
    for kind in _CONTROLS:
        lacking = backends - {each.cell.backend for each in plan.expected if each.kind == kind}
        if lacking:
            defects.append(f"There is no {kind} control for {', '.join(sorted(lacking))}.")
    return defects


def _strangers(plan: GatePlan, pairs: Sequence[Pair]) -> list[str]:
    known = {each.key for each in plan.expected}
    strange = sorted({f"{p.cell_id} ({p.kind})" for p in pairs if (p.kind, p.cell_id) not in known})
    return [f"Pairs of what the gate does not expect: {', '.join(strange)}."] if strange else []


def _control_defect(kind: PairKind, found: Verdict) -> str | None:
    """Return what a control's verdict says against the whole session."""
    head = f"The {kind} control of {found.cell_id}"
    if found.verdict == "invalid":
        return f"{head} was not measured: {found.reason}."
    if kind == "negative":
        wrong = found.verdict in ("regressed", "improved")
        return f"{head}, a side against itself, is {found.verdict}." if wrong else None
    added = CONTROL_WORK - 1
    if found.verdict != "regressed":
        return f"{head}, with {added:.0%} more work, is {found.verdict} and not regressed."
    for estimate in found.estimates:
        if abs(estimate.ratio - CONTROL_WORK) > CONTROL_ERROR * added:
            return (
                f"{head}, with {added:.0%} more work, reads {estimate.ratio - 1:+.1%} on the "
                f"{estimate.clock} clock."
            )
    return None


def gate_status(outcome: GateOutcome) -> ExitCode:
    """Return the status of the worst verdict; what cannot be believed comes first.

    A mean can only raise the alarm: what every cell was shown not to lose, no mean has to show.
    """
    verdicts = {found.verdict for found in outcome.verdicts}
    if outcome.defects or "invalid" in verdicts or not verdicts:
        return ExitCode.INVALID
    if "regressed" in verdicts or any(mean.verdict == "regressed" for mean in outcome.means):
        return ExitCode.REGRESSED
    return ExitCode.INCONCLUSIVE if "inconclusive" in verdicts else ExitCode.OK
