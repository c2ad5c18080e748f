"""Regression rules of other tools, applied to the values of two runs of a benchmark."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from validation.gate.noise_model import Floats

Slower = Callable[[Floats, Floats], bool]


class ReferenceMethod(NamedTuple):
    """A rule with its default number of processes per run and of values per process.

    `slower` takes the seconds of the baseline and of the candidate, from all processes.
    """

    name: str
    processes: int
    values: int
    slower: Slower


def _mean_above(baseline: Floats, candidate: Floats) -> bool:
    """pytest-benchmark's --benchmark-compare-fail=mean:5% (5.3, its README)."""
    return bool(candidate.mean() > 1.05 * baseline.mean())


def _student(baseline: Floats, candidate: Floats) -> bool:
    """pyperf compare_to: Student's two-sided t test at 95% (2.10, `_utils.is_significant`)."""
    from scipy.stats import ttest_ind

    p_value = ttest_ind(baseline, candidate).pvalue
    return bool(p_value <= 0.05 and candidate.mean() > baseline.mean())


def _asv(factor: float) -> Slower:
    """asv compare: medians apart by a factor, and Mann-Whitney at 0.002 (0.6, `_stats`)."""

    def slower(baseline: Floats, candidate: Floats) -> bool:
        apart = np.median(candidate) > factor * np.median(baseline)
        return bool(apart and _mann_whitney(baseline, candidate) < 0.002)

    return slower


def _ranks(baseline: Floats, candidate: Floats) -> bool:
    """Mann-Whitney at 0.05 over all values, as benchstat does."""
    above = np.median(candidate) > np.median(baseline)
    return bool(above and _mann_whitney(baseline, candidate) < 0.05)


def _mann_whitney(baseline: Floats, candidate: Floats) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(baseline, candidate, method="asymptotic").pvalue)


#: Each has 120 values per side, like the gate at its first look, in its own number of processes.
REFERENCE_METHODS: Final = (
    ReferenceMethod("pytest-benchmark mean:5%", 1, 120, _mean_above),
    ReferenceMethod("pyperf t test", 20, 6, _student),
    ReferenceMethod("asv factor 1.1", 2, 60, _asv(1.1)),
    ReferenceMethod("asv factor 1.05", 2, 60, _asv(1.05)),
    ReferenceMethod("Mann-Whitney", 5, 24, _ranks),
)
