"""The shift between two samples, with a distribution-free confidence interval."""

from collections.abc import Sequence
from math import comb, floor, sqrt
from statistics import NormalDist, median
from typing import Final

from bench.stats.median_ci import Interval

#: With more pairs of values than this, the exact distribution takes too long to compute.
_MOST_EXACT_PAIRS: Final = 10_000


def hodges_lehmann_interval(
    below: Sequence[float], above: Sequence[float], confidence: float = 0.95
) -> Interval | None:
    """Return the shift from `below` to `above`, in the values' unit, with its interval.

    The shift is the median of all differences d = y - x of a value of `above` and one of `below`
    (Hodges and Lehmann, "Estimates of location based on rank tests", Annals of Mathematical
    Statistics 34, 1963, pages 598 to 611). With the sorted differences d[1] to d[mn] the interval
    is d[k] to d[mn+1-k], for the largest k with 1 - 2 P(U < k) >= `confidence`, where U is the
    statistic of Mann and Whitney of two samples of one distribution. It covers the true shift of
    two distributions that differ only by a shift; equal values make it wider, never narrower.

    Returns None if even d[1] to d[mn] does not reach `confidence`: under 4 values each at 95%.
    """
    m, n = len(below), len(above)
    k = _rank(m, n, (1 - confidence) / 2)
    if k == 0:
        return None
    differences = sorted(y - x for y in above for x in below)
    return Interval(median(differences), differences[k - 1], differences[m * n - k], confidence)


def _rank(m: int, n: int, tail: float) -> int:
    """Return the largest k with P(U < k) <= tail for samples of m and n values; 0 if none.

    For many pairs, U is approximated by a normal distribution with mean mn / 2 and variance
    mn (m + n + 1) / 12, rounded to the wider interval.
    """
    if m * n > _MOST_EXACT_PAIRS:
        deviation = sqrt(m * n * (m + n + 1) / 12)
        return floor(m * n / 2 + NormalDist().inv_cdf(tail) * deviation)
    most, below, k = tail * comb(m + n, m), 0, 0
    for count in _orders(m, n):
        below += count
        if below > most:
            break
        k += 1
    return k


def _orders(m: int, n: int) -> list[int]:
    """Return, for u = 0, 1, … up to mn / 2, the number of orders of m + n values with U = u.

    They are the coefficients of the Gaussian binomial, the product over i = 1 … n of
    (1 - q^(m+i)) / (1 - q^i).
    """
    largest = m * n // 2
    counts = [1] + [0] * largest
    for i in range(1, n + 1):
        for u in range(largest, m + i - 1, -1):
            counts[u] -= counts[u - m - i]
        for u in range(i, largest + 1):
            counts[u] += counts[u - i]
    return counts
