"""One lock-step pair: start both sides, warm them, and let them compute in turns."""

from contextlib import ExitStack
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from bench.gate.pair import Pair, Turn
from bench.gate.process import SideProcess
from bench.gate.side import Side
from bench.job import Job

#: A slice lasts at least so long, and has at least so many steps.
SLICE_SECONDS: Final = 0.35
FEWEST_STEPS: Final = 8
#: Turns of a pair: so many slices of each side.
TURNS: Final = 24
#: No answer of a side takes so long: imports, compilation and a slice are all shorter.
TIMEOUT_SECONDS: Final = 600.0


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair is made of: the same cell, to be trained on two sides.

    `pythons` are the interpreters of the baseline and the candidate; `work` is the number of steps
    that the candidate does for each one that it reports: above 1 in a control.
    """

    job: Job
    baseline: Side
    candidate: Side
    pythons: tuple[str, str]
    work: float = 1.0


def run_pair(contest: Contest, number: int, log_folder: Path) -> Pair:
    """Return a new pair's turns; SideError when a side failed, died or hung.

    Only one side computes at a time: the other one waits in the kernel for its turn. Turns go
    A B, B A, and so on, and which side starts first changes with every pair. The first turn of
    each side is thrown away.
    """
    begin = perf_counter()
    with ExitStack() as stack:
        sides = [
            stack.enter_context(
                SideProcess(
                    name,
                    contest.pythons[which],
                    contest.job,
                    source=side.source,
                    work=contest.work if name == "candidate" else 1.0,
                    outer=side.outer,
                    log_path=log_folder / f"{contest.job.cell.id}-{name}.log",
                    timeout_seconds=TIMEOUT_SECONDS,
                )
            )
            for which, (name, side) in _order(contest, number)
        ]
        if number % 2:
            sides.reverse()
        baseline, candidate = sides
        step_seconds = max(side.wait_until_warm().step_seconds for side in sides)
        for side in sides:
            side.begin(max(FEWEST_STEPS, ceil(SLICE_SECONDS / step_seconds)))
        for side in sides:
            side.turn()
        turns = tuple(_turn(baseline, candidate, turn % 2 == 1) for turn in range(TURNS))
    return Pair(number=number, seconds=perf_counter() - begin, turns=turns)


def _order(contest: Contest, number: int) -> list[tuple[int, tuple[str, Side]]]:
    """Return the sides in the order in which they start."""
    both = list(enumerate((("baseline", contest.baseline), ("candidate", contest.candidate))))
    return both[::-1] if number % 2 else both


def _turn(baseline: SideProcess, candidate: SideProcess, candidate_first: bool) -> Turn:
    if candidate_first:
        later = candidate.turn()
        return Turn(baseline=baseline.turn(), candidate=later)
    earlier = baseline.turn()
    return Turn(baseline=earlier, candidate=candidate.turn())
