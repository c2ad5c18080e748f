"""Calibration: fixed work before and after every launch, which measures the machine's speed."""

from collections.abc import Callable
from functools import cache
from time import perf_counter
from typing import Any, Final

import numpy as np

from bench.core.record import GEMM_SIZE, Calibration

#: Bytes that one repetition copies: more than the last-level cache of common CPUs holds.
COPY_BYTES: Final = 64 * 2**20
REPETITIONS: Final = 10


def calibrate(clock: Callable[[], float] = perf_counter) -> Calibration:
    """Time the two kernels with NumPy in this process, on all usable cores.

    The repetitions of the two alternate, so that both are timed under the same conditions. The call
    takes about half a second on two cores.
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
    """Return both kernels after one run each, so that the first access to memory is not timed."""
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
