"""What a person sees while layers are timed: a live line, or plain lines elsewhere."""

from collections.abc import Sequence
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import TextColumn

from bench.core.text import one_line
from bench.runner.progress import LiveLine, time_left


class LayersProgress(LiveLine):
    """Tells of each process's begin and end, with an estimate of what is left."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        """Tell on `console` about processes of these names, which run in this order."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._position = 0
        self._start = self._begin = monotonic()

    def begin(self) -> None:
        """Tell that the next process starts, and how long it and all later ones will take.

        Each is taken to last as long as those before it.
        """
        done, self._begin = self._position, monotonic()
        spent = self._begin - self._start
        left = time_left(spent / done * (len(self._names) - done) if done else None)
        self._position += 1
        self._bar.reset(
            self._task, total=len(self._names), description=escape(self._head), note=left
        )
        self._bar.update(self._task, completed=done, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{self._head}: started, {left}")

    def end(self, reason: str | None) -> None:
        """Tell how the process ended: with a `reason`, or well when that is None."""
        how = "timed" if reason is None else f"FAILED: {one_line(reason)},"
        self._print(f"{self._head}: {how} in {monotonic() - self._begin:.1f} s")

    @property
    def _head(self) -> str:
        return f"({self._position}/{len(self._names)}) {self._names[self._position - 1]}"
