"""Tests of hypotheses: Welch's t test, and Holm's step-down over several tests."""

from collections.abc import Mapping, Sequence
from math import inf, sqrt
from statistics import fmean, variance

import msgspec


def holm(p_values: Mapping[str, float], expected: int, level: float) -> set[str]:
    """Return the names whose null hypotheses Holm's step-down rejects, over `expected` tests.

    `level` is the family-wise error rate. Tests without a p value count as not rejected (S. Holm,
    "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6,
    1979).
    """
    rejected = set()
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p_value > level / (expected - rank):
            break
        rejected.add(name)
    return rejected


class Welch(msgspec.Struct, frozen=True, kw_only=True):
    """The difference of two means (second minus first), its standard error and degrees of freedom.

    "The generalization of 'Student's' problem when several different population variances are
    involved", Biometrika 34, 1947.
    """

    difference: float
    error: float
    degrees: float

    def p_below(self, bound: float) -> float:
        """Return the p value of the hypothesis that the difference is at most `bound`.

        It is 1 if no value varied, because the noise is then unknown.
        """
        from scipy.stats import t

        if self.error == 0:
            return 1.0
        return float(t.sf((self.difference - bound) / self.error, self.degrees))


def welch(
    first: Sequence[float],
    second: Sequence[float],
    least_variances: tuple[float, float] = (0.0, 0.0),
) -> Welch:
    """Return the statistic of two samples of two values or more.

    `least_variances` are lower bounds for the two variances, in the values' unit squared.
    """
    parts = [
        (max(variance(values), least) / len(values), len(values) - 1)
        for values, least in zip((first, second), least_variances, strict=True)
    ]
    total = sum(part for part, _ in parts)
    return Welch(
        difference=fmean(second) - fmean(first),
        error=sqrt(total),
        degrees=total**2 / sum(part**2 / free for part, free in parts) if total else inf,
    )
