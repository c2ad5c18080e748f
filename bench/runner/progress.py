"""What a person sees while cells are launched: a live line with an estimate."""

from statistics import mean, median
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from bench.core.job import Progress as EpochProgress
from bench.core.record import Record
from bench.core.text import sanitize_line
from bench.runner.plan import PlannedLaunch


class ProgressLine:
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


class EtaEstimator:
    """Learns from finished steps what the estimates of the others are worth."""

    def __init__(self) -> None:
        """Know of no finished step."""
        self._seconds: dict[tuple[str, bool], list[float]] = {}
        self._estimated = 0.0
        self._taken = 0.0

    def add(self, step: PlannedLaunch, seconds: float) -> None:
        """Learn that `step` took `seconds`."""
        self._seconds.setdefault((step.cell.id, step.instrumented), []).append(seconds)
        if step.estimate_seconds is not None:
            self._estimated += step.estimate_seconds
            self._taken += seconds

    def expect(self, step: PlannedLaunch) -> float | None:
        """Return the seconds of `step`; None when nobody can tell.

        Launches of the same cell tell best; else it is off from its estimate as all finished steps
        together were from theirs; without an estimate, it takes as long as those.
        """
        if own := self._seconds.get((step.cell.id, step.instrumented)):
            return median(own)
        if step.estimate_seconds is not None:
            return step.estimate_seconds * (self._taken / self._estimated if self._estimated else 1)
        finished = [second for seconds in self._seconds.values() for second in seconds]
        return mean(finished) if finished else None


class RunProgress(ProgressLine):
    """Tells of each step's begin, epochs and end, with an estimate of what is left."""

    def __init__(self, console: Console, steps: list[PlannedLaunch]) -> None:
        """Tell on `console` about `steps`, all of which will run."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._steps = steps
        self._position = 0
        self._begin = 0.0
        self._pace = EtaEstimator()

    def begin(self, step: PlannedLaunch) -> None:
        """Tell that a step starts."""
        self._position += 1
        self._begin = monotonic()
        name = f"[{self._position}/{len(self._steps)}] {_name(step)}"
        self._bar.reset(self._task, total=step.cell.epochs, description=escape(name), note="")
        expected = self._pace.expect(step)
        left = time_left(self._seconds_left(expected, expected))
        self._bar.update(self._task, note=left, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{name}: started, {left}")

    def epoch(self, step: PlannedLaunch, event: EpochProgress) -> None:
        """Tell that an epoch is finished."""
        in_step = (event.epochs - event.epoch) * event.epoch_seconds
        loss = "" if event.loss is None else f", loss {event.loss:.3f}"
        accuracy = "" if event.val_accuracy is None else f", val_accuracy {event.val_accuracy:.3f}"
        left = time_left(self._seconds_left(in_step, monotonic() - self._begin + in_step))
        note = f"epoch {event.epoch}/{event.epochs}{loss}{accuracy}; {left}"
        self._bar.update(self._task, completed=event.epoch, note=note, refresh=True)
        if not self._console.is_terminal and event.epoch_seconds > 5:
            self._print(f"    {note}")

    def end(self, step: PlannedLaunch, record: Record) -> None:
        """Tell how a step ended."""
        self._pace.add(step, record.wall_seconds)
        head = f"[{self._position}/{len(self._steps)}] {_name(step)}: "
        if record.result is None:
            reason = sanitize_line(str(record.reason))
            how = record.status.upper()
            self._print(f"{head}{how} after {record.wall_seconds:.1f} s: {reason}")
            return
        accuracy = record.result.epochs[-1].val_accuracy
        shown = "" if accuracy is None else f", val_accuracy {accuracy:.3f}"
        self._print(f"{head}ok in {record.wall_seconds:.1f} s{shown}")

    def _seconds_left(self, in_step: float | None, whole: float | None) -> float | None:
        """Return an estimate for this step's rest and all later ones, None when nobody can tell.

        A later step of which nothing is known is taken to last as long as the `whole` of this one.
        """
        left = [in_step]
        for step in self._steps[self._position :]:
            expected = self._pace.expect(step)
            left.append(whole if expected is None else expected)
        known = [seconds for seconds in left if seconds is not None]
        return sum(known) if len(known) == len(left) else None


def _name(step: PlannedLaunch) -> str:
    if step.race is not None:
        kind = ", instrumented" if step.instrumented else ""
        return f"{step.cell.id} (round {step.race.round + 1}{kind})"
    repetition = f" (repetition {step.repetition + 1})" if step.repetition else ""
    return f"{step.cell.id}{repetition}"
