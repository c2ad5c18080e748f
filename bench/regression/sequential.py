"""Looks in sequence: a cell is judged after some pairs, and again after more while undecided."""

from collections.abc import Iterable, Mapping, Sequence

from bench.regression.estimators import CLOCKS, Priors, log_ratios
from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, judge_look
from bench.stats.empirical_bayes import fit_variance_prior


def judge_looks(
    cells: Mapping[str, Sequence[Pair]],
    expected: int,
    margins: Margins,
    looks: Sequence[int] = INTERIM_LOOKS,
    beside: Iterable[Sequence[Pair]] = (),
) -> dict[str, Verdict]:
    """Return each cell's verdict, of the first of the `looks` that decides it or of the last one.

    `cells` holds the sound pairs by cell id, `expected` is the number of cells in their family. A
    cell that has fewer pairs than its next look needs is `invalid`: who stops early stops when it
    looks well. The pairs of other contests, `beside` these, tell too how much pairs vary.
    """
    priors = learn_priors([*cells.values(), *beside])
    verdicts: dict[str, Verdict] = {}
    left = dict(cells)
    for wanted in looks:
        ready = {name: own[:wanted] for name, own in left.items() if len(own) >= wanted}
        for name in left.keys() - ready.keys():
            own = left.pop(name)
            verdicts[name] = invalid(
                name, own, f"it was cut short after {len(own)} pairs; the next look is at {wanted}"
            )
        found = judge_look(ready, expected, margins, len(INTERIM_LOOKS), priors) if ready else {}
        verdicts |= found
        left = {name: own for name, own in left.items() if found[name].verdict == "inconclusive"}
    return verdicts


def learn_priors(pair_specs: Iterable[Sequence[Pair]]) -> Priors:
    """Return what the first look's pairs of many contests say of the variance, by clock.

    No more than those, of each: which contests got more pairs depends on how much theirs varied.
    """
    first = [pairs[: INTERIM_LOOKS[0]] for pairs in pair_specs if len(pairs) >= INTERIM_LOOKS[0]]
    found = {
        clock: fit_variance_prior([log_ratios(pairs, clock) for pairs in first]) for clock in CLOCKS
    }
    return {clock: prior for clock, prior in found.items() if prior}


def invalid(cell_id: str, pairs: Sequence[Pair], reason: str) -> Verdict:
    """Return the verdict on pairs that were no measurement."""
    return Verdict(cell_id=cell_id, verdict="invalid", pairs=len(pairs), reason=reason)
