"""A fixed piece of work beside every launch: how fast was the machine just then?"""

from collections.abc import Callable, Sequence
from functools import cache
from time import perf_counter
from typing import Any, Final

import msgspec
import numpy as np

#: One repetition multiplies two square float32 matrices of this many rows.
GEMM_SIZE: Final = 1024
#: Floating point operations of one repetition: a multiplication and an addition per term.
GEMM_FLOPS: Final = 2 * GEMM_SIZE**3
#: Bytes that one repetition copies: more than the last-level cache of common CPUs holds.
COPY_BYTES: Final = 64 * 2**20
REPETITIONS: Final = 10


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Raw seconds of each repetition of the matrix product and of the memory copy."""

    gemm_seconds: tuple[float, ...]
    copy_seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a calibration without repetitions or with clocks that stood still."""
        for seconds in (self.gemm_seconds, self.copy_seconds):
            if not seconds or not all(0 < value < float("inf") for value in seconds):
                raise ValueError("a calibration needs durations above 0 s")

    @property
    def gemm_gflops(self) -> float:
        """The best rate of the matrix product, in 10^9 operations per second."""
        return GEMM_FLOPS / min(self.gemm_seconds) / 1e9


def lower_quartile(seconds: Sequence[float]) -> float:
    """Return what stands for repetitions of a kernel: their 25th percentile (linear, NumPy's).

    Not the median: on a shared machine a neighbour's burst of half a second covers all repetitions
    of one side and moves the median of both by up to 50%, but not the launch of 20 s beside it.
    What lasts moves the quartile as well.
    """
    return float(np.quantile(seconds, 0.25))


def calibrate(clock: Callable[[], float] = perf_counter) -> Calibration:
    """Time the kernels with NumPy in this process, on all the cores that it may use.

    The repetitions of the two alternate, so that both see the same moment. It takes about half a
    second on two cores.
    """
    gemm, copy = _kernels()
    gemm_seconds, copy_seconds = [], []
    for _ in range(REPETITIONS):
        begin = clock()
        gemm()
        middle = clock()
        copy()
        gemm_seconds.append(middle - begin)
        copy_seconds.append(clock() - middle)
    return Calibration(gemm_seconds=tuple(gemm_seconds), copy_seconds=tuple(copy_seconds))


@cache
def _kernels() -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return both kernels, run once: the first touch of their memory is not timed."""
    left = np.random.default_rng(0).random((GEMM_SIZE, GEMM_SIZE), dtype=np.float32)
    right, product = left.T.copy(), np.empty_like(left)
    source = np.zeros(COPY_BYTES, dtype=np.uint8)
    target = np.empty_like(source)

    def gemm() -> None:
        np.matmul(left, right, out=product)

    def copy() -> None:
        np.copyto(target, source)

    gemm()
    copy()
    return gemm, copy
