"""The progress line of a run, with an estimate of the time left."""

from statistics import mean, median
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

from bench.core.headline import VAL_LOSS, headline_of
from bench.core.job import Progress as EpochProgress
from bench.core.record import Record
from bench.core.result import Result
from bench.core.text import sanitize_line
from bench.runner.plan import PlannedLaunch


class ProgressLine:
    """A line on the terminal that is updated during the `with` block and removed at its end.

    It is redrawn only when an event arrives, because this process must sleep while a worker is
    timed.
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
        """Show the line."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the line."""
        self._bar.stop()

    def _print(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def time_left(seconds: float | None) -> str:
    """Return an estimate in words, rounded to seconds or minutes."""
    if seconds is None:
        return "time left not known yet"
    if seconds < 90:
        return f"about {max(seconds, 1):.0f} s left"
    return f"about {seconds / 60:.0f} min left"


class EtaEstimator:
    """Corrects the estimates of later steps by the durations of finished ones."""

    def __init__(self) -> None:
        """Start without finished steps."""
        self._seconds: dict[tuple[str, bool], list[float]] = {}
        self._estimated = 0.0
        self._taken = 0.0

    def add(self, step: PlannedLaunch, seconds: float) -> None:
        """Record that `step` took `seconds`."""
        self._seconds.setdefault((step.cell.id, step.instrumented), []).append(seconds)
        if step.estimate_seconds is not None:
            self._estimated += step.estimate_seconds
            self._taken += seconds

    def expect(self, step: PlannedLaunch) -> float | None:
        """Return the expected seconds of `step`; None before anything is known.

        They are the median of finished launches of the same cell; else the estimate of the step,
        scaled by the ratio of duration to estimate over all finished steps; else, without an
        estimate, the mean of all finished steps.
        """
        if same_cell := self._seconds.get((step.cell.id, step.instrumented)):
            return median(same_cell)
        if step.estimate_seconds is not None:
            return step.estimate_seconds * (self._taken / self._estimated if self._estimated else 1)
        finished = [second for seconds in self._seconds.values() for second in seconds]
        return mean(finished) if finished else None


class RunProgress(ProgressLine):
    """Prints the start, the epochs and the end of each step, with the estimated time left."""

    def __init__(self, console: Console, steps: list[PlannedLaunch]) -> None:
        """Print on `console` about `steps`, all of which will run."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._steps = steps
        self._position = 0
        self._begin = 0.0
        self._estimator = EtaEstimator()

    def begin(self, step: PlannedLaunch) -> None:
        """Print that a step starts."""
        self._position += 1
        self._begin = monotonic()
        name = f"[{self._position}/{len(self._steps)}] {_name(step)}"
        self._bar.reset(self._task, total=step.cell.epochs, description=escape(name), note="")
        expected = self._estimator.expect(step)
        remaining = time_left(self._seconds_left(expected, expected))
        self._bar.update(self._task, note=remaining, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{name}: started, {remaining}")

    def epoch(self, step: PlannedLaunch, event: EpochProgress) -> None:
        """Print that an epoch is finished."""
        loss = "" if event.loss is None else f", loss {event.loss:.3f}"
        accuracy = "" if event.val_accuracy is None else f", val_accuracy {event.val_accuracy:.3f}"
        remaining = time_left(self._seconds_left(*self._expected(step, event)))
        note = f"epoch {event.epoch}/{event.epochs}{loss}{accuracy}; {remaining}"
        self._bar.update(self._task, completed=event.epoch, note=note, refresh=True)
        if not self._console.is_terminal and event.epoch_seconds > 5:
            self._print(f"    {note}")

    def _expected(
        self, step: PlannedLaunch, event: EpochProgress
    ) -> tuple[float | None, float | None]:
        """Return the expected seconds left of a step after an epoch, and its whole seconds.

        An epoch of a script shows nothing about the rest of it.
        """
        elapsed = monotonic() - self._begin
        if step.cell.epochs is None:
            whole = self._estimator.expect(step)
            return None if whole is None else max(whole - elapsed, 0.0), whole
        in_step = (event.epochs - event.epoch) * event.epoch_seconds
        return in_step, elapsed + in_step

    def end(self, step: PlannedLaunch, record: Record) -> None:
        """Print how a step ended."""
        self._estimator.add(step, record.wall_seconds)
        head = f"[{self._position}/{len(self._steps)}] {_name(step)}: "
        if record.result is None:
            reason = sanitize_line(str(record.reason))
            how = record.status.upper()
            self._print(f"{head}{how} after {record.wall_seconds:.1f} s: {reason}")
            return
        self._print(f"{head}ok in {record.wall_seconds:.1f} s{_headline(record.result)}")

    def _seconds_left(self, in_step: float | None, whole: float | None) -> float | None:
        """Return the seconds left of this step and of all later ones; None if one is unknown.

        A later step without an estimate is expected to take the `whole` time of this one.
        """
        remaining = [in_step]
        for step in self._steps[self._position :]:
            expected = self._estimator.expect(step)
            remaining.append(whole if expected is None else expected)
        known = [seconds for seconds in remaining if seconds is not None]
        return sum(known) if len(known) == len(remaining) else None


def _headline(result: Result) -> str:
    """Return the final headline metric after a comma; empty if there is none."""
    headline = headline_of(result)
    value = headline.final(result) if headline else None
    if headline is None or value is None or (headline.metric == VAL_LOSS and not result.headline):
        return ""
    return sanitize_line(f", {headline.metric} {value:.3f}")


def _name(step: PlannedLaunch) -> str:
    if step.race is not None:
        kind = ", instrumented" if step.instrumented else ""
        return f"{step.cell.id} (round {step.race.round + 1}{kind})"
    repetition = f" (repetition {step.repetition + 1})" if step.repetition else ""
    return f"{step.cell.id}{repetition}"
