"""Measure the cost of the harness part by part; write the results after each part."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import TimeRemainingColumn

from bench.core.text import sanitize_line
from bench.runner.progress import ProgressLine, time_left
from bench.storage.store import StoreError
from bench.system.interpreter import Interpreter
from validation.overhead.measure import EPOCHS, epoch_pairs, launch_pairs
from validation.overhead.pairs import CostKind, CostPair, CostPart, OverheadError
from validation.overhead.report import cost_table, write_overhead

_MEASURES: Final = {"callbacks": epoch_pairs, "launch": launch_pairs}


class Overhead(msgspec.Struct, frozen=True, kw_only=True):
    """The measured pairs, and a sentence for each failed part."""

    pairs: tuple[CostPair, ...]
    failures: tuple[str, ...]


def measure_overhead(
    interpreters: Sequence[Interpreter],
    *,
    pairs: int,
    launches: int,
    folder: Path,
    console: Console,
) -> Overhead:
    """Measure `pairs` pairs of epochs and `launches` pairs of launches with each interpreter.

    overhead.csv and overhead.md in `folder` are rewritten after every part, so that an interruption
    keeps the parts before it. A failing part does not stop the others. StoreError if `folder`
    cannot be written, DataError if the synthetic images cannot be prepared.
    """
    parts = _parts(interpreters, pairs, launches, folder / "logs")
    measured: list[CostPair] = []
    failures: list[str] = []
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        with OverheadProgress(console, parts) as progress:
            for part in parts:
                progress.begin(part)
                failure = None
                try:
                    measured += _MEASURES[part.kind](part, progress.tick)
                except OverheadError as error:
                    failure = str(error)
                    failures.append(failure)
                progress.end(part, failure)
                write_overhead(folder, measured, failures, interpreters)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
    console.print(cost_table(measured))
    return Overhead(pairs=tuple(measured), failures=tuple(failures))


def _parts(
    interpreters: Sequence[Interpreter], pairs: int, launches: int, folder: Path
) -> list[CostPart]:
    return [
        part
        for interpreter in interpreters
        for part in (
            CostPart(interpreter=interpreter, kind="callbacks", number=pairs, folder=folder),
            CostPart(interpreter=interpreter, kind="launch", number=launches, folder=folder),
        )
    ]


#: Seconds of a pair on two cores, for the estimate before the first pair of its kind.
_GUESSED_SECONDS: Final[dict[CostKind, float]] = {"callbacks": 1.5, "launch": 20.0}
#: Ticks of a pair: a worker reports each epoch that it trained with our callback.
_TICKS: Final[dict[CostKind, int]] = {"callbacks": 1, "launch": EPOCHS}


class OverheadProgress(ProgressLine):
    """Prints each part's start, epochs and end, with an estimate of the time remaining."""

    def __init__(self, console: Console, parts: Sequence[CostPart]) -> None:
        """Print on `console`; `parts` are measured in this order."""
        super().__init__(console, TimeRemainingColumn())
        self._parts = parts
        self._position = 0
        self._begin = 0.0
        self._pair_seconds = dict(_GUESSED_SECONDS)

    def begin(self, part: CostPart) -> None:
        """Print that a part starts, and the estimated time of it and all later ones."""
        self._begin = monotonic()
        later = self._parts[self._position :]
        remaining = sum(p.number * self._pair_seconds[p.kind] for p in later)
        self._position += 1
        total = part.number * _TICKS[part.kind]
        self._bar.reset(self._task, total=total, description=self._head(part))
        self._bar.refresh()
        self._print(f"{self._head(part)}: {part.number} pairs, {time_left(remaining)}")

    def tick(self) -> None:
        """Advance the progress by one epoch with our callback."""
        self._bar.advance(self._task)
        self._bar.refresh()

    def end(self, part: CostPart, failure: str | None) -> None:
        """Print the end of a part: its `failure`, or success if that is None."""
        seconds = monotonic() - self._begin
        if failure is None:
            self._pair_seconds[part.kind] = seconds / part.number
        result = "measured" if failure is None else f"FAILED: {sanitize_line(failure)}"
        self._print(f"{self._head(part)}: {result} in {seconds:.1f} s")

    def _head(self, part: CostPart) -> str:
        return f"({self._position}/{len(self._parts)}) {part.name}"
