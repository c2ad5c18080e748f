"""Simulate the missing suites on all cores, and store each as soon as it is done."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import TimeRemainingColumn

from bench.runner.progress import ProgressLine, time_left
from validation.gate.simulation import ARMS, DRIFTS, simulate_suite
from validation.gate.store import SampleStore

#: Without a live line, this many progress lines are printed.
_LINES: Final = 20


class SimulationProgress(ProgressLine):
    """Prints the number of completed suites."""

    def __init__(self, console: Console, total: int) -> None:
        """Print on `console`; `total` is the number of suites."""
        super().__init__(console, TimeRemainingColumn())
        self._total = total
        self._begin = monotonic()
        self._bar.reset(self._task, total=total, description="simulated suites")

    def done(self, count: int) -> None:
        """Print that `count` suites are done."""
        self._bar.update(self._task, completed=count, refresh=True)
        if not self._console.is_terminal and count % max(1, self._total // _LINES) == 0:
            seconds_left = (monotonic() - self._begin) / count * (self._total - count)
            self._print(f"{count} of {self._total} suites simulated, {time_left(seconds_left)}")


def simulate_missing(
    samples: SampleStore,
    suites: int,
    console: Console,
    drifts: Sequence[str] = tuple(DRIFTS),
    arms: Sequence[str] = tuple(ARMS),
) -> None:
    """Append the missing ones of `suites` suites for each drift and arm.

    Suites of other rules versions are kept and do not count.
    """
    known = {(row.drift, row.arm, row.suite) for row in samples.suites()[0]}
    jobs = [(d, a, s) for s in range(suites) for d in drifts for a in arms]
    missing = [job for job in jobs if job not in known]
    if not missing:
        return
    # Spawned, not forked, because the parent has threads of NumPy and of the live line.
    with (
        ProcessPoolExecutor(mp_context=get_context("spawn")) as pool,
        SimulationProgress(console, len(missing)) as progress,
    ):
        futures = [pool.submit(simulate_suite, *job) for job in missing]
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                samples.add(future.result())
                progress.done(count)
        except BaseException:
            # Leaving the pool waits for all futures; `shutdown` may not cancel pending ones.
            for future in futures:
                future.cancel()
            raise
