"""The difference of two means whose variances may differ, by B. L. Welch."""

from collections.abc import Sequence
from math import inf, sqrt
from statistics import fmean, variance

import msgspec


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
