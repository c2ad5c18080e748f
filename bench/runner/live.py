"""The live line that both kinds of progress share, and how they word what is left."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn


class LiveLine:
    """A line that is redrawn on a terminal while the `with` block runs, and gone after it.

    It is redrawn only when it is told something: this process must sleep while a worker is timed.
    """

    def __init__(self, console: Console, last_column: ProgressColumn) -> None:
        """Show a description, a bar, the time and `last_column` on `console`."""
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TimeElapsedColumn(),
            last_column,
            console=console,
            auto_refresh=False,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1, note="")

    def __enter__(self) -> Self:
        """Start the live line."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the live line away."""
        self._bar.stop()

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def time_left(seconds: float | None) -> str:
    """Return an estimate in words that do not pretend to more than it knows."""
    if seconds is None:
        return "time left not known yet"
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s left"
    return f"about {seconds / 60:.0f} min left"
