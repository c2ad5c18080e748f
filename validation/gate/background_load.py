"""`python -m validation.gate.background_load SEED`: load a core half the time, in bursts."""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic, sleep
from typing import Final

from bench.core.paths import CHECKOUT
from bench.runner.worker_process import WorkerProcess

#: The mean length of bursts and of pauses: longer than slices, shorter than pairs.
_MEAN_SECONDS: Final = 2.0


@contextmanager
def half_load(cores: int, seed: str) -> Iterator[None]:
    """Load `cores` cores half of the time, in common bursts, while the `with` block runs.

    The bursts depend on `seed`; pairs with the same bursts would not be independent.
    """
    command = [sys.executable, "-P", "-m", "validation.gate.background_load", seed]
    with ExitStack() as runners:
        for _ in range(cores):
            runners.enter_context(WorkerProcess(command, {"PYTHONPATH": str(CHECKOUT)}, None))
        yield


def burn(seed: str) -> None:
    """Alternate between computing and resting until the parent process ends."""
    parent = os.getppid()
    for burst, rest in bursts(seed):
        until = monotonic() + burst
        while monotonic() < until:
            sum(range(10_000))
        sleep(rest)
        if os.getppid() != parent:
            return


def bursts(seed: str) -> Iterator[tuple[float, float]]:
    """Yield endlessly the seconds of a burst and of the rest after it, both exponential."""
    draw = random.Random(seed)
    while True:
        yield draw.expovariate(1 / _MEAN_SECONDS), draw.expovariate(1 / _MEAN_SECONDS)


if __name__ == "__main__":
    burn(sys.argv[1])
