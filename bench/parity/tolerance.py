"""The rule: how far a backend may be from the reference, given how far float32 itself is."""

from collections.abc import Sequence
from statistics import median_low
from typing import Final

import numpy as np

from bench.stats.norms import NumericArray

#: Beyond so many standard deviations lies one of 10,000, where 16 told them (Student's t).
DEVIATIONS: Final = 5.0
#: A backend's error may be so many times the float32 rounding error that was measured …
MULTIPLE: Final = 4.0
#: … and this part of the quantity's own size more: four units in the last place of float32.
FLOOR: Final = 4 * 2.0**-23


def rounding_error(errors: Sequence[float]) -> float:
    """Return what float32 costs: the middle one of all backends' errors, the smaller one of two.

    Each error is that of a backend's float32 result against its own float64 result, so that it
    holds rounding alone. The middle one is not moved by a single backend that computes in half
    precision.
    """
    return median_low(errors)


def bound(rounding: float, size: float) -> float:
    """Return the largest error that is allowed: MULTIPLE * `rounding` + FLOOR * `size`.

    The form is that of TorchBench's accuracy check, `res_error <= multiplier * ref_error + tol`
    with errors against a float64 reference and multipliers from 2 to 10 (torch/_dynamo/utils.py,
    `same`); its chosen tolerance is here the rounding of the result itself. Two things are held
    against it: each backend's float32 result against its own float64 result, which finds results
    that are less precise than float32, and two backends' float64 results against each other,
    which finds functions that are not the same. Nothing in it was chosen per model or layer.
    """
    return MULTIPLE * rounding + FLOOR * size


def trajectory_limits(errors: NumericArray) -> NumericArray:
    """Return for each step the error that no trajectory should exceed, shape (steps,).

    `errors`, shape (trajectories, steps), are of trajectories that differ in nothing but rounding,
    on other backends than the one that is judged: what it always does wrong would be in its own.
    The largest error of a trajectory so far is taken to be log-normal over trajectories, which
    holds slow growth and rare jumps alike: the limit is DEVIATIONS standard deviations above the
    mean of its logarithm.
    """
    logs = np.log(np.maximum(np.maximum.accumulate(errors, axis=1), np.finfo(np.float32).tiny))
    limits: NumericArray = np.exp(logs.mean(axis=0) + DEVIATIONS * logs.std(axis=0, ddof=1))
    return limits
