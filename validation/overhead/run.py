"""Measure what the harness costs, part by part, and write down what is measured at once."""

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
    """The pairs that were measured, and a sentence for each part that failed."""

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

    overhead.csv and overhead.md in `folder` are written anew after every part, so that an
    interruption keeps the parts before it. A part that fails never stops the others. StoreError
    when `folder` cannot be written, a DataError when the synthetic images cannot be prepared.
    """
    parts = _parts(interpreters, pairs, launches, folder / "logs")
    found: list[CostPair] = []
    failures: list[str] = []
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
        with OverheadProgress(console, parts) as progress:
            for part in parts:
                progress.begin(part)
                failure = None
                try:
                    found += _MEASURES[part.kind](part, progress.tick)
                except OverheadError as error:
                    failure = str(error)
                    failures.append(failure)
                progress.end(part, failure)
                write_overhead(folder, found, failures, interpreters)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror or error}.") from error
    console.print(cost_table(found))
    return Overhead(pairs=tuple(found), failures=tuple(failures))


def _parts(
    interpreters: Sequence[Interpreter], pairs: int, launches: int, folder: Path
) -> list[CostPart]:
    return [
        part
        for found in interpreters
        for part in (
            CostPart(interpreter=found, kind="callbacks", number=pairs, folder=folder),
            CostPart(interpreter=found, kind="launch", number=launches, folder=folder),
        )
    ]


#: Seconds of a pair on two cores, for the estimate before any of its kind was measured.
_GUESSED_SECONDS: Final[dict[CostKind, float]] = {"callbacks": 1.5, "launch": 20.0}
#: Ticks of a pair: a worker tells of each epoch that it trained with our callback.
_TICKS: Final[dict[CostKind, int]] = {"callbacks": 1, "launch": EPOCHS}


class OverheadProgress(ProgressLine):
    """Tells of each part's begin, epochs and end, with an estimate of what is left."""

    def __init__(self, console: Console, parts: Sequence[CostPart]) -> None:
        """Tell on `console` about `parts`, all of which will be measured in this order."""
        super().__init__(console, TimeRemainingColumn())
        self._parts = parts
        self._position = 0
        self._begin = 0.0
        self._pair_seconds = dict(_GUESSED_SECONDS)

    def begin(self, part: CostPart) -> None:
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

    def end(self, part: CostPart, failure: str | None) -> None:
        """Tell how a part ended: with `failure`, or well when that is None."""
        seconds = monotonic() - self._begin
        if failure is None:
            self._pair_seconds[part.kind] = seconds / part.number
        how = "measured" if failure is None else f"FAILED: {sanitize_line(failure)}"
        self._print(f"{self._head(part)}: {how} in {seconds:.1f} s")

    def _head(self, part: CostPart) -> str:
        return f"({self._position}/{len(self._parts)}) {part.name}"
