"""The geometric mean over cells: detects a small slowdown of all cells that no cell alone shows."""

from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import Final

from bench.regression.estimators import CLOCKS, Mean, Means, Priors, log_ratios, means_of
from bench.regression.messages import Clock
from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, decide, verdict_of

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
