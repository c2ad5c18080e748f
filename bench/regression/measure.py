"""Measure a gate: pairs in turn over all contests, until each is decided or looked at last."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.markup import escape
from rich.progress import TextColumn

from bench.core.cell import Cell
from bench.core.text import sanitize_line
from bench.regression.estimators import pair_log_ratio
from bench.regression.lockstep import PairSpec, fill_compile_cache, run_pair
from bench.regression.outcome import undecided
from bench.regression.pair import Pair
from bench.regression.store import GatePlan, GateStore
from bench.regression.verdict import INTERIM_LOOKS
from bench.runner.progress import ProgressLine, time_left

Runner = Callable[[PairSpec, int, Path], Pair]


class GateProgress(ProgressLine):
    """Tells of each pair's begin and end, with an estimate of what is left of the look."""

    def __init__(self, console: Console, names: dict[str, str]) -> None:
        """Tell on `console`, with the short `names` of the cells by their ids."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._done = self._kept = self._total = 0
        self._begin = monotonic()

    def look(self, pair_specs: int, pairs_each: int) -> None:
        """Tell that so many contests get so many more pairs each."""
        self._done, self._kept, self._total = 0, 0, pair_specs * pairs_each
        self._begin = monotonic()
        if pair_specs:
            self._print(f"{pair_specs} undecided: {pairs_each} more pairs of processes each.")

    def begin(self, pair_spec: PairSpec, number: int) -> None:
        """Tell that a pair starts."""
        name = pair_label(self._names, *pair_spec.key)
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
            self._print(f"    FAILED after {pair.seconds:.1f} s: {sanitize_line(pair.reason)}")
            return
        wall, cpu = (100 * pair_log_ratio(pair, clock) for clock in ("wall", "cpu"))
        self._print(
            f"    {pair_label(self._names, pair.kind, pair.cell_id)}: {wall:+.1f}% wall, "
            f"{cpu:+.1f}% CPU in {pair.seconds:.1f} s"
        )


_ALWAYS = ("workload", "backend")
_KINDS = {
    "cell": "",
    "mean": "",
    "negative": " (negative control)",
    "positive": " (positive control)",
}


def short_names(cells: Iterable[Cell]) -> dict[str, str]:
    """Return a name per cell id: workload, backend, and each field in which the cells differ."""
    every = list(dict.fromkeys(cells))
    fields = [
        name
        for name in Cell.__struct_fields__
        if name in _ALWAYS or len({getattr(cell, name) for cell in every}) > 1
    ]
    return {cell.id: " ".join(_short(name, cell) for name in fields) for cell in every}


def pair_label(names: dict[str, str], kind: str, cell_id: str) -> str:
    """Return the short name of a contest; a mean, and a cell that has none, keeps its id."""
    return names.get(cell_id, cell_id) + _KINDS[kind]


def _short(field: str, cell: Cell) -> str:
    value = getattr(cell, field)
    if field == "workload":
        return str(value).rpartition("/")[2]
    return str(value) if isinstance(value, str) else f"{field}={value}"


def measure_gate(
    plan: GatePlan,
    pair_specs: Sequence[PairSpec],
    book: GateStore,
    console: Console,
    runner: Runner = run_pair,
    primer: Callable[[PairSpec, Path], None] = fill_compile_cache,
) -> list[Pair]:
    """Return all pairs of the gate, each written into `book` as soon as it is measured.

    The contests take turns pair by pair, so that drift meets all alike. After the last pair of a
    look, those that are decided stop. A contest of which a pair failed gets no more. Pairs that the
    book has already, of a gate that was interrupted, are kept and not measured again.
    """
    pairs = _sit_down(plan, book, console)
    names = short_names(each.cell for each in plan.expected)
    kept = {(pair.kind, pair.cell_id, pair.number): pair for pair in pairs}
    with GateProgress(console, names) as progress:
        for pair_spec in pair_specs:
            primer(pair_spec, book.folder / "logs")
        number = 0
        for looks, wanted in enumerate(INTERIM_LOOKS):
            before = [pair for pair in pairs if pair.number < number]
            keys = [each.key for each in undecided(plan, before, looks)] if looks else None
            ready = [each for each in pair_specs if keys is None or each.key in keys]
            progress.look(len(ready), wanted - number)
            while number < wanted:
                for pair_spec in list(ready):
                    pair = kept.get((*pair_spec.key, number))
                    if pair is None:
                        pair = _measure(pair_spec, number, book, runner, progress)
                        pairs.append(pair)
                    else:
                        progress.skip()
                    if pair.reason:
                        ready.remove(pair_spec)
                number += 1
    return pairs


def _sit_down(plan: GatePlan, book: GateStore, console: Console) -> list[Pair]:
    """Return the pairs that the book has already, with which a resumed gate begins."""
    book.open(plan)
    book.sit_down()
    pairs = book.pairs()
    if pairs:
        console.print(f"{len(pairs)} pairs are kept from before the interruption.")
    return pairs


def _measure(
    pair_spec: PairSpec, number: int, book: GateStore, runner: Runner, progress: GateProgress
) -> Pair:
    progress.begin(pair_spec, number)
    pair = runner(pair_spec, number, book.folder / "logs")
    book.add(pair)
    progress.end(pair)
    return pair
