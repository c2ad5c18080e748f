"""The quantile that stands for repeated timings of one kernel."""

from collections.abc import Sequence

import numpy as np


def lower_quartile(seconds: Sequence[float]) -> float:
    """Return what stands for repetitions of a kernel: their 25th percentile (linear, NumPy's).

    Not the median: on a shared machine a neighbour's burst of half a second covers all repetitions
    of one side and moves the median of both by up to 50%, but not the launch of 20 s beside it.
    What lasts moves the quartile as well.
    """
    return float(np.quantile(seconds, 0.25))
