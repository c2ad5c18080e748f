"""The time of a worker, divided into named phases without gaps."""

from collections import defaultdict
from collections.abc import Callable
from time import perf_counter
from typing import Literal

Phase = Literal["harness", "import", "data_open", "build", "fit"]


class Phases:
    """Adds up the seconds of each phase; a phase begins where the previous one ended.

    `begin` and `now` are clock readings at the first line of the worker and at the end of the last
    finished phase. The sum of all `seconds` is exactly their difference.
    """

    def __init__(self, begin: float, clock: Callable[[], float] = perf_counter) -> None:
        """Start the first phase at the clock reading `begin`."""
        self.begin = begin
        self.now = begin
        self.seconds: defaultdict[Phase, float] = defaultdict(float)
        self._clock = clock

    def end(self, phase: Phase) -> None:
        """Add the time since the end of the previous phase to `phase`."""
        now = self._clock()
        self.seconds[phase] += now - self.now
        self.now = now
