"""The rule for the largest allowed error, given the rounding error of float32."""

from collections.abc import Sequence
from statistics import median_low
from typing import Final

import numpy as np

from bench.stats.norms import NumericArray

#: Student's t of 16 values exceeds this number of standard deviations once in 10,000.
DEVIATIONS: Final = 5.0
#: The largest allowed error is this multiple of the measured float32 rounding error …
MULTIPLE: Final = 4.0
#: … plus this fraction of the quantity's size, four units in the last place of float32.
FLOOR: Final = 4 * 2.0**-23


def rounding_error(errors: Sequence[float]) -> float:
    """Return the rounding error of float32: the low median of the errors of all backends.

    Each error compares a backend's float32 result with its own float64 result, so that it contains
    only rounding. A single backend that computes in half precision does not change the median.
    Of two errors, the low median is the smaller one.
    """
    return median_low(errors)


def bound(rounding: float, size: float) -> float:
    """Return the largest error that is allowed: MULTIPLE * `rounding` + FLOOR * `size`.

    The form is that of TorchBench's accuracy check, `res_error <= multiplier * ref_error + tol`,
    with errors against a float64 reference and multipliers from 2 to 10 (torch/_dynamo/utils.py,
    `same`); in place of its chosen tolerance stands the rounding of the result itself. Two kinds of
    error are compared with this bound. The error of a backend's float32 result against its own
    float64 result reveals precision below float32. The difference of two backends' float64 results
    reveals different functions. No constant was chosen per model or layer.
    """
    return MULTIPLE * rounding + FLOOR * size


def trajectory_limits(errors: NumericArray) -> NumericArray:
    """Return for each step the error that no trajectory should exceed, shape (steps,).

    `errors`, shape (trajectories, steps), belong to trajectories that differ only in rounding. They
    come from the other backends, because those of the judged backend would contain its systematic
    error. The running maximum of a trajectory's error is modelled as log-normal over trajectories,
    which covers both slow growth and rare jumps. The limit is DEVIATIONS standard deviations above
    the mean of its logarithm.
    """
    logs = np.log(np.maximum(np.maximum.accumulate(errors, axis=1), np.finfo(np.float32).tiny))
    limits: NumericArray = np.exp(logs.mean(axis=0) + DEVIATIONS * logs.std(axis=0, ddof=1))
    return limits
