"""What a person sees while a gate measures its pairs."""

from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import TextColumn

from bench.core.text import one_line
from bench.regression.estimators import pair_log_ratio
from bench.regression.gate_names import contest_name
from bench.regression.lockstep import Contest
from bench.regression.pair import Pair
from bench.runner.progress import LiveLine, time_left


class GateProgress(LiveLine):
    """Tells of each pair's begin and end, with an estimate of what is left of the look."""

    def __init__(self, console: Console, names: dict[str, str]) -> None:
        """Tell on `console`, with the short `names` of the cells by their ids."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._done = self._kept = self._total = 0
        self._begin = monotonic()

    def look(self, contests: int, pairs_each: int) -> None:
        """Tell that so many contests get so many more pairs each."""
        self._done, self._kept, self._total = 0, 0, contests * pairs_each
        self._begin = monotonic()
        if contests:
            self._print(f"{contests} undecided: {pairs_each} more pairs of processes each.")

    def begin(self, contest: Contest, number: int) -> None:
        """Tell that a pair starts."""
        name = contest_name(self._names, *contest.key)
        name = f"[{self._done + 1}/{self._total}] {name}"
        left = None
        measured = self._done - self._kept
        if measured:
            left = (monotonic() - self._begin) / measured * (self._total - self._done)
        self._bar.reset(self._task, total=self._total, completed=self._done)
        self._bar.update(self._task, description=escape(name), note=time_left(left), refresh=True)
        if not self._console.is_terminal:
            self._print(f"{name}: pair {number + 1} started, {time_left(left)}")

    def skip(self) -> None:
        """Tell that the next pair was measured before the gate was interrupted."""
        self._done += 1
        self._kept += 1

    def end(self, pair: Pair) -> None:
        """Tell what a pair says."""
        self._done += 1
        if pair.reason:
            self._print(f"    FAILED after {pair.seconds:.1f} s: {one_line(pair.reason)}")
            return
        wall, cpu = (100 * pair_log_ratio(pair, clock) for clock in ("wall", "cpu"))
        self._print(
            f"    {contest_name(self._names, pair.kind, pair.cell_id)}: {wall:+.1f}% wall, "
            f"{cpu:+.1f}% CPU in {pair.seconds:.1f} s"
        )
