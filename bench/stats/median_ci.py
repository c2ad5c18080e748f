"""The median of a few values, with a distribution-free confidence interval."""

from collections.abc import Sequence
from math import comb
from statistics import median
from typing import NamedTuple


class Interval(NamedTuple):
    """A median and the interval that covers the true one with `confidence`, in the values' unit."""

    median: float
    low: float
    high: float
    confidence: float


class ConfidenceError(ValueError):
    """The confidence is not from 0.5 to below 1."""


def median_confidence_interval(
    values: Sequence[float], confidence: float = 0.95
) -> Interval | None:
    """Return the median of finite `values` with its interval, interpolated to `confidence`.

    With the sorted values x[1] to x[n], the interval from x[k] to x[n+1-k] covers the true median
    with the confidence c[k] = 1 - 2 P(B < k), where B is binomial of n and 1/2. Since c[k] is
    discrete, for the k with c[k] >= c > c[k+1] both ends are moved inwards by the interpolation of
    Hettmansperger and Sheather ("Confidence intervals based on interpolated order statistics",
    Statistics and Probability Letters 4, 1986, pages 75 to 79):

        i = (c[k] - c) / (c[k] - c[k+1]),  w = (n - k) i / (k + (n - 2k) i),
        low = (1 - w) x[k] + w x[k+1],  high = (1 - w) x[n+1-k] + w x[n-k].

    Returns None if even x[1] to x[n] does not reach `confidence`: under 6 values at 95%. Raises
    ConfidenceError if `confidence` is not from 0.5 to below 1.
    """
    if not 0.5 <= confidence < 1:
        raise ConfidenceError(f"confidence is {confidence}; allowed is from 0.5 to below 1.")
    n, ordered = len(values), sorted(values)
    k = max((k for k in range(1, n // 2 + 1) if _confidence(n, k) >= confidence), default=0)
    if k == 0:
        return None
    wide, narrow = _confidence(n, k), _confidence(n, k + 1)
    between = (wide - confidence) / (wide - narrow)
    weight = (n - k) * between / (k + (n - 2 * k) * between)
    return Interval(
        median=median(ordered),
        low=ordered[k - 1] + weight * (ordered[k] - ordered[k - 1]),
        high=ordered[n - k] - weight * (ordered[n - k] - ordered[n - k - 1]),
        confidence=confidence,
    )


def _confidence(n: int, k: int) -> float:
    """Return the probability that the interval from x[k] to x[n+1-k] covers the median."""
    return 1 - 2 * sum(comb(n, below) for below in range(k)) / (1 << n)
