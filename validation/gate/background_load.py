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

#: A burst, and a pause, last so long on average: longer than slices, shorter than pairs.
_MEAN_SECONDS: Final = 2.0


@contextmanager
def half_load(cores: int, seed: str) -> Iterator[None]:
    """Load so many cores half the time, all in the same bursts, while the `with` block runs.

    A seed has its own bursts: pairs that share them would not be independent of one another.
    """
    command = [sys.executable, "-P", "-m", "validation.gate.background_load", seed]
    with ExitStack() as runners:
        for _ in range(cores):
            runners.enter_context(WorkerProcess(command, {"PYTHONPATH": str(CHECKOUT)}, None))
        yield


def burn(seed: str) -> None:
    """Compute and rest in turn until our parent has gone."""
    parent = os.getppid()
    for burst, rest in bursts(seed):
        until = monotonic() + burst
        while monotonic() < until:
            sum(range(10_000))
        sleep(rest)
        if os.getppid() != parent:
            return


def bursts(seed: str) -> Iterator[tuple[float, float]]:
    """Return the seconds of each burst and of the rest after it, both exponential, without end."""
    draw = random.Random(seed)
    while True:
        yield draw.expovariate(1 / _MEAN_SECONDS), draw.expovariate(1 / _MEAN_SECONDS)


if __name__ == "__main__":
    burn(sys.argv[1])
