"""A prior for the variance between pairs, fitted to many contests (empirical Bayes)."""

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import fmean, variance
from typing import Final, NamedTuple

#: With fewer contests, the spread of their variances cannot be estimated.
FEWEST_CONTESTS: Final = 3


class Prior(NamedTuple):
    """The prior of a variance: its value and its degrees of freedom.

    `most_degrees` is the sum over all samples that it was fitted to, the upper limit for any
    posterior.
    """

    variance: float
    degrees: float
    most_degrees: float

    def posterior(self, sample: float, degrees: int) -> tuple[float, float]:
        """Return the posterior variance of a `sample` variance, and its degrees of freedom."""
        total = self.degrees + degrees
        pooled = (self.degrees * self.variance + degrees * sample) / total
        return pooled, min(total, self.most_degrees)


def fit_variance_prior(samples: Sequence[Sequence[float]]) -> Prior | None:
    """Return the prior of the variances of `samples`; each has two values or more.

    The variances are assumed to be scaled inverse chi-square. Its degrees are few, and the prior
    has little weight, where the variances of samples of similar size differ by more than chance
    explains (G. K. Smyth, "Linear models and empirical Bayes methods", Statistical Applications in
    Genetics and Molecular Biology 3, 2004, section 6.2). Returns None for fewer
    than FEWEST_CONTESTS samples with a variance.
    """
    from scipy.special import digamma, polygamma

    variances = [(variance(values), len(values) - 1) for values in samples if len(values) > 1]
    variances = [(value, degrees) for value, degrees in variances if value > 0]
    if len(variances) < FEWEST_CONTESTS:
        return None
    centred = [log(v) - float(digamma(d / 2)) + log(d / 2) for v, d in variances]
    by_chance = fmean(float(polygamma(1, d / 2)) for _, d in variances)
    excess = variance(centred) - by_chance
    most = float(sum(degrees for _, degrees in variances))
    if excess <= 0:
        return Prior(exp(fmean(centred)), most, most)
    degrees = min(2 * _inverse_trigamma(excess), most)
    shift = float(digamma(degrees / 2)) - log(degrees / 2)
    return Prior(exp(fmean(centred) + shift), degrees, most)


def _inverse_trigamma(value: float) -> float:
    """Return x > 0 with trigamma(x) = value > 0."""
    from scipy.optimize import brentq
    from scipy.special import polygamma

    # trigamma(x) lies between 1 / x and 1 / x + 1 / x^2.
    low, high = 1 / value, (1 + sqrt(1 + 4 * value)) / (2 * value)
    return float(brentq(lambda x: float(polygamma(1, x)) - value, low, high))
