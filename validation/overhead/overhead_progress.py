"""What a person sees while the parts are measured: a live line, or plain lines elsewhere."""

from collections.abc import Sequence
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import TimeRemainingColumn

from bench.core.text import one_line
from bench.runner.progress import LiveLine, time_left
from validation.overhead.overhead_launches import EPOCHS
from validation.overhead.overhead_part import Part
from validation.overhead.pairs import Kind

#: Seconds of a pair on two cores, for the estimate before any of its kind was measured.
_GUESSED_SECONDS: Final[dict[Kind, float]] = {"callbacks": 1.5, "launch": 20.0}
#: Ticks of a pair: a worker tells of each epoch that it trained with our callback.
_TICKS: Final[dict[Kind, int]] = {"callbacks": 1, "launch": EPOCHS}


class OverheadProgress(LiveLine):
    """Tells of each part's begin, epochs and end, with an estimate of what is left."""

    def __init__(self, console: Console, parts: Sequence[Part]) -> None:
        """Tell on `console` about `parts`, all of which will be measured in this order."""
        super().__init__(console, TimeRemainingColumn())
        self._parts = parts
        self._position = 0
        self._begin = 0.0
        self._pair_seconds = dict(_GUESSED_SECONDS)

    def begin(self, part: Part) -> None:
        """Tell that a part starts, and how long it and all later ones will take."""
        self._begin = monotonic()
        left = sum(p.number * self._pair_seconds[p.kind] for p in self._parts[self._position :])
        self._position += 1
        total = part.number * _TICKS[part.kind]
        self._bar.reset(self._task, total=total, description=self._head(part))
        self._bar.refresh()
        self._print(f"{self._head(part)}: {part.number} pairs, {time_left(left)}")

    def tick(self) -> None:
        """Tell that an epoch with our callback is finished."""
        self._bar.advance(self._task)
        self._bar.refresh()

    def end(self, part: Part, failure: str | None) -> None:
        """Tell how a part ended: with `failure`, or well when that is None."""
        seconds = monotonic() - self._begin
        if failure is None:
            self._pair_seconds[part.kind] = seconds / part.number
        how = "measured" if failure is None else f"FAILED: {one_line(failure)}"
        self._print(f"{self._head(part)}: {how} in {seconds:.1f} s")

    def _head(self, part: Part) -> str:
        return f"({self._position}/{len(self._parts)}) {part.name}"
