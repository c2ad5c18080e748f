"""Interim analyses: the verdicts of cells at each of their looks, and of the geometric means."""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import Final

from bench.regression.estimators import CLOCKS, Mean, Means, Priors, log_ratios, means_of
from bench.regression.messages import Clock
from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, decide, judge_look, verdict_of
from bench.stats.empirical_bayes import fit_variance_prior


def judge_looks(
    cells: Mapping[str, Sequence[Pair]],
    expected: int,
    margins: Margins,
    looks: Sequence[int] = INTERIM_LOOKS,
    other_pairs: Iterable[Sequence[Pair]] = (),
) -> dict[str, Verdict]:
    """Return each cell's verdict from the first of the `looks` that decides it, else from the last.

    `cells` holds the valid pairs by cell id, `expected` is the number of cells in their family. A
    cell with fewer pairs than its next look requires is `invalid`, because stopping early at a
    favourable moment would bias the verdict. `other_pairs` of other comparisons also contribute
    to the estimated variance between pairs.
    """
    priors = learn_priors([*cells.values(), *other_pairs])
    verdicts: dict[str, Verdict] = {}
    remaining = dict(cells)
    for target_count in looks:
        ready = {
            name: pairs[:target_count]
            for name, pairs in remaining.items()
            if len(pairs) >= target_count
        }
        for name in remaining.keys() - ready.keys():
            pairs = remaining.pop(name)
            verdicts[name] = invalid(
                name,
                pairs,
                f"it stopped after {len(pairs)} pairs; the next look needs {target_count}",
            )
        judged = judge_look(ready, expected, margins, len(INTERIM_LOOKS), priors) if ready else {}
        verdicts |= judged
        remaining = {
            name: pairs
            for name, pairs in remaining.items()
            if judged[name].verdict == "inconclusive"
        }
    return verdicts


def learn_priors(groups: Iterable[Sequence[Pair]]) -> Priors:
    """Return the variance priors, by clock, estimated from each comparison's first-look pairs.

    Later pairs are not used, because the variance of the first ones decides which comparisons get
    more.
    """
    first = [pairs[: INTERIM_LOOKS[0]] for pairs in groups if len(pairs) >= INTERIM_LOOKS[0]]
    priors = {
        clock: fit_variance_prior([log_ratios(pairs, clock) for pairs in first]) for clock in CLOCKS
    }
    return {clock: prior for clock, prior in priors.items() if prior}


def invalid(cell_id: str, pairs: Sequence[Pair], reason: str) -> Verdict:
    """Return the verdict `invalid` with its reason."""
    return Verdict(cell_id=cell_id, verdict="invalid", pairs=len(pairs), reason=reason)


#: The margins of a mean, narrower than those of a cell because it is less noisy.
MEAN_MARGINS: Final = Margins(0.01, 0.03)
#: The error rate of all means together, in addition to that of the cells.
MEAN_ALPHA: Final = 0.01


def judge_means(
    groups: Mapping[str, Sequence[Sequence[Pair]]], priors: Priors
) -> dict[str, Verdict]:
    """Return the verdict on the geometric mean of each group's cells.

    A group holds the pairs of each of its cells. Means are judged once, on the pairs of the first
    look alone, because later pairs are measured only for cells that were undecided. The error is
    that of a mean of independent means, with degrees of freedom by Satterthwaite ("An approximate
    distribution of estimates of variance components", Biometrics Bulletin 2, 1946).
    """
    first = {name: [pairs[: INTERIM_LOOKS[0]] for pairs in cells] for name, cells in groups.items()}
    means = {
        name: _mean_of_means([means_of(pairs, priors) for pairs in cells])
        for name, cells in first.items()
    }
    verdicts = decide(means, len(groups), MEAN_MARGINS, MEAN_ALPHA)
    tail = MEAN_ALPHA / max(len(groups), 1) / 2
    return {
        name: verdict_of(name, verdicts[name], means[name], _samples(cells), MEAN_MARGINS, tail)
        for name, cells in first.items()
    }


def _mean_of_means(cells: Sequence[Means]) -> Means:
    return {clock: _mean([means[clock] for means in cells]) for clock in CLOCKS}


def _mean(means: Sequence[Mean]) -> Mean:
    variances = [mean.error**2 for mean in means]
    total = sum(variances)
    parts = sum(v**2 / mean.degrees for v, mean in zip(variances, means, strict=True))
    return Mean(fmean(m.value for m in means), sqrt(total) / len(means), total**2 / parts)


def _samples(cells: Sequence[Sequence[Pair]]) -> dict[Clock, list[float]]:
    """Return the mean over all cells of each pair's log ratio, pair by pair."""
    return {
        clock: [
            fmean(values)
            for values in zip(*(log_ratios(pairs, clock) for pairs in cells), strict=True)
        ]
        for clock in CLOCKS
    }
