"""`python -m bench.proof.load`: load a core half the time, in bursts of no fixed length."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Final

from bench.machine import CHECKOUT

#: A burst, and a pause, last so long on average: longer than slices, shorter than pairs.
_MEAN_SECONDS: Final = 2.0
_SEED: Final = 20713


@contextmanager
def half_load(cores: int) -> Iterator[None]:
    """Load so many cores half the time, all in the same bursts, while the `with` block runs."""
    runners = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "bench.proof.load"],
            cwd=CHECKOUT,
            env={"PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
        )
        for _ in range(cores)
    ]
    try:
        yield
    finally:
        for runner in runners:
            runner.kill()
            runner.wait()


def burn() -> None:
    """Compute and rest in turn, each for an exponential time, until our parent has gone."""
    draw, parent = random.Random(_SEED), os.getppid()
    while os.getppid() == parent:
        until = monotonic() + draw.expovariate(1 / _MEAN_SECONDS)
        while monotonic() < until:
            sum(range(10_000))
        sleep(draw.expovariate(1 / _MEAN_SECONDS))


if __name__ == "__main__":
    burn()
