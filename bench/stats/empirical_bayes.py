"""Learn from many contests how much pairs vary, so that five pairs of one say more."""

from collections.abc import Sequence
from math import exp, log, sqrt
from statistics import fmean, variance
from typing import Final, NamedTuple

#: Of fewer contests it cannot be told how unlike their variances are.
FEWEST_CONTESTS: Final = 3


class Prior(NamedTuple):
    """What is known of a variance before its sample: its value, and how many degrees that is worth.

    `most_degrees` are those of all samples that it was learned from: no variance is known better.
    """

    variance: float
    degrees: float
    most_degrees: float

    def posterior(self, sample: float, degrees: int) -> tuple[float, float]:
        """Return the posterior variance of a `sample` variance, and its degrees of freedom."""
        total = self.degrees + degrees
        found = (self.degrees * self.variance + degrees * sample) / total
        return found, min(total, self.most_degrees)


def fit_variance_prior(samples: Sequence[Sequence[float]]) -> Prior | None:
    """Return the prior of the variances of `samples`, of two values or more each.

    The variances are taken to be scaled inverse chi-square: its degrees are few where samples of
    like size vary more in their variance than chance would have it, and the prior then weighs
    little (G. K. Smyth, "Linear models and empirical Bayes methods", Statistical Applications in
    Genetics and Molecular Biology 3, 2004, section 6.2). None of fewer than FEWEST_CONTESTS.
    """
    from scipy.special import digamma, polygamma

    found = [(variance(values), len(values) - 1) for values in samples if len(values) > 1]
    found = [(value, degrees) for value, degrees in found if value > 0]
    if len(found) < FEWEST_CONTESTS:
        return None
    centred = [log(v) - float(digamma(d / 2)) + log(d / 2) for v, d in found]
    by_chance = fmean(float(polygamma(1, d / 2)) for _, d in found)
    beyond = variance(centred) - by_chance
    most = float(sum(degrees for _, degrees in found))
    if beyond <= 0:
        return Prior(exp(fmean(centred)), most, most)
    degrees = min(2 * _inverse_trigamma(beyond), most)
    shift = float(digamma(degrees / 2)) - log(degrees / 2)
    return Prior(exp(fmean(centred) + shift), degrees, most)


def _inverse_trigamma(value: float) -> float:
    """Return x > 0 with trigamma(x) = value > 0."""
    from scipy.optimize import brentq
    from scipy.special import polygamma

    # trigamma(x) lies between 1 / x and 1 / x + 1 / x^2.
    low, high = 1 / value, (1 + sqrt(1 + 4 * value)) / (2 * value)
    return float(brentq(lambda x: float(polygamma(1, x)) - value, low, high))
