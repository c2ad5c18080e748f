"""Measure a gate: pairs of all comparisons in rotation, until each is decided or exhausted."""

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
    """Prints the start and end of each pair, with an estimate of the time remaining in the look."""

    def __init__(self, console: Console, names: dict[str, str]) -> None:
        """Print on `console`; `names` maps the ids of cells to their short names."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._done = self._kept = self._total = 0
        self._begin = monotonic()

    def look(self, pair_specs: int, pairs_each: int) -> None:
        """Print the number of undecided comparisons and of the further pairs that each one gets."""
        self._done, self._kept, self._total = 0, 0, pair_specs * pairs_each
        self._begin = monotonic()
        if pair_specs:
            self._print(f"{pair_specs} undecided comparisons: {pairs_each} more pairs each.")

    def begin(self, pair_spec: PairSpec, number: int) -> None:
        """Print that a pair starts."""
        name = pair_label(self._names, *pair_spec.key)
        name = f"[{self._done + 1}/{self._total}] {name}"
        seconds_left = None
        measured = self._done - self._kept
        if measured:
            seconds_left = (monotonic() - self._begin) / measured * (self._total - self._done)
        self._bar.reset(self._task, total=self._total, completed=self._done)
        remaining = time_left(seconds_left)
        self._bar.update(self._task, description=escape(name), note=remaining, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{name}: pair {number + 1} started, {remaining}")

    def skip(self) -> None:
        """Count a pair that was measured before the gate was interrupted."""
        self._done += 1
        self._kept += 1

    def end(self, pair: Pair) -> None:
        """Print the result of a pair."""
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
    distinct = list(dict.fromkeys(cells))
    fields = [
        name
        for name in Cell.__struct_fields__
        if name in _ALWAYS or len({getattr(cell, name) for cell in distinct}) > 1
    ]
    return {cell.id: " ".join(_short(name, cell) for name in fields) for cell in distinct}


def pair_label(names: dict[str, str], kind: str, cell_id: str) -> str:
    """Return the short name of a comparison; one without a short name keeps its id."""
    return names.get(cell_id, cell_id) + _KINDS[kind]


def _short(field: str, cell: Cell) -> str:
    value = getattr(cell, field)
    if field == "workload":
        return str(value).rpartition("/")[2]
    return str(value) if isinstance(value, str) else f"{field}={value}"


def measure_gate(
    plan: GatePlan,
    pair_specs: Sequence[PairSpec],
    store: GateStore,
    console: Console,
    runner: Runner = run_pair,
    primer: Callable[[PairSpec, Path], None] = fill_compile_cache,
) -> list[Pair]:
    """Return all pairs of the gate, each appended to `store` as soon as it is measured.

    The comparisons rotate pair by pair, so that drift affects all of them equally. Decided ones
    stop after the last pair of a look; one with a failed pair stops at once. Pairs already in
    `store`, from before an interruption, are kept and not measured again.
    """
    pairs = _begin_session(plan, store, console)
    names = short_names(each.cell for each in plan.expected)
    kept = {(pair.kind, pair.cell_id, pair.number): pair for pair in pairs}
    with GateProgress(console, names) as progress:
        for pair_spec in pair_specs:
            primer(pair_spec, store.folder / "logs")
        number = 0
        for looks, target_count in enumerate(INTERIM_LOOKS):
            before = [pair for pair in pairs if pair.number < number]
            keys = [each.key for each in undecided(plan, before, looks)] if looks else None
            ready = [each for each in pair_specs if keys is None or each.key in keys]
            progress.look(len(ready), target_count - number)
            while number < target_count:
                for pair_spec in list(ready):
                    pair = kept.get((*pair_spec.key, number))
                    if pair is None:
                        pair = _measure(pair_spec, number, store, runner, progress)
                        pairs.append(pair)
                    else:
                        progress.skip()
                    if pair.reason:
                        ready.remove(pair_spec)
                number += 1
    return pairs


def _begin_session(plan: GatePlan, store: GateStore, console: Console) -> list[Pair]:
    """Begin a session; return the pairs already in the store, none for a new gate."""
    store.open(plan)
    store.begin_session()
    pairs = store.pairs()
    if pairs:
        console.print(f"{len(pairs)} pairs are kept from before the interruption.")
    return pairs


def _measure(
    pair_spec: PairSpec, number: int, store: GateStore, runner: Runner, progress: GateProgress
) -> Pair:
    progress.begin(pair_spec, number)
    pair = runner(pair_spec, number, store.folder / "logs")
    store.add(pair)
    progress.end(pair)
    return pair
