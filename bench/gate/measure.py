"""Measure a gate: pairs in turn over all contests, until each is decided or looked at last."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console

from bench.gate.book import Book, GatePlan
from bench.gate.judge import LOOKS
from bench.gate.lockstep import Contest, prime, run_pair
from bench.gate.names import short_names
from bench.gate.outcome import undecided
from bench.gate.pair import Pair
from bench.gate.progress import GateProgress

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
    look, those that are decided stop. A contest of which a pair failed gets no more.
    """
    book.open(plan)
    names = short_names(each.cell for each in plan.expected)
    pairs: list[Pair] = []
    with GateProgress(console, names) as progress:
        for contest in contests:
            primer(contest, book.folder / "logs")
        number = 0
        for looks, wanted in enumerate(LOOKS):
            keys = [each.key for each in undecided(plan, pairs, looks)] if looks else None
            ready = [each for each in contests if keys is None or each.key in keys]
            progress.look(len(ready), wanted - number)
            while number < wanted:
                for contest in list(ready):
                    progress.begin(contest, number)
                    pair = runner(contest, number, book.folder / "logs")
                    book.add(pair)
                    pairs.append(pair)
                    progress.end(pair)
                    if pair.reason:
                        ready.remove(contest)
                number += 1
    return pairs
