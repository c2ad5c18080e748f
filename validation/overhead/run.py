"""Measure what the harness costs, part by part, and write down what is measured at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

from bench.storage.store import StoreError
from bench.system.interpreter import Interpreter
from validation.overhead.measure import epoch_pairs
from validation.overhead.overhead_launches import launch_pairs
from validation.overhead.overhead_part import OverheadError, Part
from validation.overhead.overhead_progress import OverheadProgress
from validation.overhead.pairs import Pair
from validation.overhead.report import verdict_table, write_overhead

_MEASURES: Final = {"callbacks": epoch_pairs, "launch": launch_pairs}


class Overhead(msgspec.Struct, frozen=True, kw_only=True):
    """The pairs that were measured, and a sentence for each part that failed."""

    pairs: tuple[Pair, ...]
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
    found: list[Pair] = []
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
    console.print(verdict_table(found))
    return Overhead(pairs=tuple(found), failures=tuple(failures))


def _parts(
    interpreters: Sequence[Interpreter], pairs: int, launches: int, folder: Path
) -> list[Part]:
    return [
        part
        for found in interpreters
        for part in (
            Part(interpreter=found, kind="callbacks", number=pairs, folder=folder),
            Part(interpreter=found, kind="launch", number=launches, folder=folder),
        )
    ]
