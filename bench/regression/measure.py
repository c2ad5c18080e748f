"""Measure a gate: pairs in turn over all contests, until each is decided or looked at last."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.regression.gate_names import short_names
from bench.regression.gate_progress import GateProgress
from bench.regression.lockstep import Contest, prime, run_pair
from bench.regression.outcome import undecided
from bench.regression.pair import Pair
from bench.regression.store import Book, GatePlan
from bench.regression.verdict import LOOKS

Runner = Callable[[Contest, int, Path], Pair]


def measure_gate(
    plan: GatePlan,
    contests: Sequence[Contest],
    book: Book,
    console: Console,
    runner: Runner = run_pair,
    primer: Callable[[Contest, Path], None] = prime,
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
        for contest in contests:
            primer(contest, book.folder / "logs")
        number = 0
        for looks, wanted in enumerate(LOOKS):
            before = [pair for pair in pairs if pair.number < number]
            keys = [each.key for each in undecided(plan, before, looks)] if looks else None
            ready = [each for each in contests if keys is None or each.key in keys]
            progress.look(len(ready), wanted - number)
            while number < wanted:
                for contest in list(ready):
                    pair = kept.get((*contest.key, number))
                    if pair is None:
                        pair = _measure(contest, number, book, runner, progress)
                        pairs.append(pair)
                    else:
                        progress.skip()
                    if pair.reason:
                        ready.remove(contest)
                number += 1
    return pairs


def _sit_down(plan: GatePlan, book: Book, console: Console) -> list[Pair]:
    """Return the pairs that the book has already, with which a resumed gate begins."""
    book.open(plan)
    book.sit_down()
    pairs = book.pairs()
    if pairs:
        console.print(f"{len(pairs)} pairs are kept from before the interruption.")
    return pairs


def _measure(
    contest: Contest, number: int, book: Book, runner: Runner, progress: GateProgress
) -> Pair:
    progress.begin(contest, number)
    pair = runner(contest, number, book.folder / "logs")
    book.add(pair)
    progress.end(pair)
    return pair
