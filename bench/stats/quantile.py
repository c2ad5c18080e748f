"""The quantile that represents repeated timings of one kernel."""

from collections.abc import Sequence

import numpy as np


def lower_quartile(seconds: Sequence[float]) -> float:
    """Return the 25th percentile of repeated timings, in seconds (NumPy's linear method).

    The median is not used: on a shared machine, a neighbour's burst of half a second covers all
    repetitions before or after a launch and moves the median of both by up to 50%, but hardly
    affects the launch of 20 s between them. A lasting change moves the quartile as well.
    """
    return float(np.quantile(seconds, 0.25))
