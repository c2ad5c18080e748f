"""A compared quantity, and the rule for its bound."""

from collections.abc import Sequence
from math import inf, isfinite
from statistics import median_low
from typing import Final

import msgspec
import numpy as np

from bench.stats.norms import NumericArray


class ComparedQuantity(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity on two backends, and whether it is the same on both.

    `function` is the root mean square difference of the two float64 results. `errors` are the root
    mean square errors of the two float32 results against the float64 result of the same backend.
    None of them may be above `allowed`. `size` is the root mean square of the quantity itself. If
    the results cannot be subtracted, `mismatch` is the reason in a phrase.
    """

    backends: tuple[str, str]
    stage: str
    name: str
    size: float = 0.0
    function: float = 0.0
    errors: tuple[float, float] = (0.0, 0.0)
    allowed: float = 0.0
    mismatch: str | None = None

    @property
    def worst(self) -> float:
        """The largest of its errors."""
        return max(self.function, *self.errors)

    @property
    def same(self) -> bool:
        """Whether the quantity is the same on both backends."""
        return self.mismatch is None and self.worst <= self.allowed and isfinite(self.worst)

    @property
    def rounds_alone(self) -> bool:
        """Whether the backends differ only by rounding, because their float64 results agree."""
        return not self.same and self.mismatch is None and self.function <= self.allowed < inf

    @property
    def bound_fraction(self) -> float | None:
        """The largest error as a fraction of its bound; None if it cannot be compared."""
        if self.mismatch is not None or not isfinite(self.worst):
            return None
        if self.allowed == 0.0:
            return None if self.worst else 0.0
        return self.worst / self.allowed

    @property
    def label(self) -> str:
        """Its name without the number that orders it."""
        return self.name.partition(":")[2] or self.name


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
