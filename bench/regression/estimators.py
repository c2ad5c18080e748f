"""The mean of a cell's log ratios with its standard error, the basis of every verdict."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from statistics import fmean, variance
from typing import Final, NamedTuple

from bench.regression.messages import Clock
from bench.regression.pair import Pair
from bench.stats.empirical_bayes import Prior

CLOCKS: Final[tuple[Clock, ...]] = ("wall", "cpu")
#: The fraction of a pair's slices trimmed at each end: a burst of another program affects few.
TRIM: Final = 0.2


def pair_log_ratio(pair: Pair, clock: Clock) -> float:
    """Return the trimmed mean of log(candidate / baseline) over the slices of a pair."""
    ratios = sorted(
        log(each.candidate.seconds(clock) / each.baseline.seconds(clock)) for each in pair.slices
    )
    cut = int(len(ratios) * TRIM)
    return fmean(ratios[cut : len(ratios) - cut])


class Mean(NamedTuple):
    """The mean of log ratios, its standard error, and the degrees of freedom of the error."""

    value: float
    error: float
    degrees: float

    def p_above(self, margin: float) -> float:
        """Return the p value of the hypothesis that the true mean is at most `margin`."""
        from scipy.stats import t

        return float(t.sf((self.value - margin) / self.error, self.degrees))

    def p_below(self, margin: float) -> float:
        """Return the p value of the hypothesis that the true mean is at least `margin`."""
        return Mean(-self.value, self.error, self.degrees).p_above(-margin)


#: A cell's means, by clock.
Means = Mapping[Clock, Mean]
#: The priors of the variance between pairs, by clock; a clock without a prior is absent.
Priors = Mapping[Clock, Prior]


def log_ratios(pairs: Sequence[Pair], clock: Clock) -> list[float]:
    """Return the log ratio of each pair."""
    return [pair_log_ratio(pair, clock) for pair in pairs]


def mean_of(values: Sequence[float], prior: Prior | None) -> Mean:
    """Return the mean of log ratios; `prior`, if any, moderates the variance."""
    spread, degrees = variance(values), float(len(values) - 1)
    if prior:
        spread, degrees = prior.posterior(spread, len(values) - 1)
    return Mean(fmean(values), sqrt(spread / len(values)), degrees)


def means_of(pairs: Sequence[Pair], priors: Priors) -> Means:
    """Return the mean of the pairs' log ratios on each clock."""
    return {clock: mean_of(log_ratios(pairs, clock), priors.get(clock)) for clock in CLOCKS}
