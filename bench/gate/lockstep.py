"""One lock-step pair: start both sides, warm them, and let them compute in turns."""

from contextlib import ExitStack
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from bench.baton import Slice
from bench.gate.pair import Kind, Member, Pair, Turn
from bench.gate.process import LOCKSTEP_COMMAND, PairError, Seat, SideProcess
from bench.gate.soundness import TURNS, stranger

#: A slice lasts at least so long, and has at least so many steps.
SLICE_SECONDS: Final = 0.3
FEWEST_STEPS: Final = 10
#: No answer of a side takes so long: imports, compilation and a slice are all shorter.
TIMEOUT_SECONDS: Final = 600.0


class Contest(msgspec.Struct, frozen=True, kw_only=True):
    """What a pair is made of: the same cell, to be trained on two sides."""

    kind: Kind
    baseline: Seat
    candidate: Seat

    @property
    def key(self) -> tuple[Kind, str]:
        """The kind and the id of the cell, which no other contest of a gate has."""
        return self.kind, self.baseline.job.cell.id


def run_pair(
    contest: Contest,
    number: int,
    log_folder: Path,
    command: tuple[str, ...] = LOCKSTEP_COMMAND,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Pair:
    """Return a new pair; one with a reason when a side failed, died, hung or is not who it must be.

    Only one side computes at a time: the other one waits in the kernel for its turn. Turns go
    A B, B A, and so on, and which side starts first changes with every pair. The first turn of
    each side is thrown away.
    """
    begin = perf_counter()
    kind, cell_id = contest.key
    log_path = log_folder / f"{cell_id}-{kind}-p{number}.log"
    try:
        with ExitStack() as stack:
            seats = {"baseline": contest.baseline, "candidate": contest.candidate}
            names = ("baseline", "candidate") if number % 2 == 0 else ("candidate", "baseline")
            sides = {
                name: stack.enter_context(
                    SideProcess(name, seats[name], log_path, timeout_seconds, command)
                )
                for name in names
            }
            members = {name: _warm(sides[name], seats[name]) for name in names}
            # A control's tenth more has to be whole.
            whole = 10 if kind == "positive" else 1
            turns = _turns(sides["baseline"], sides["candidate"], whole)
    except PairError as error:
        seconds = perf_counter() - begin
        return Pair(kind=kind, cell_id=cell_id, number=number, seconds=seconds, reason=str(error))
    return Pair(
        kind=kind,
        cell_id=cell_id,
        number=number,
        seconds=perf_counter() - begin,
        **members,
        turns=turns,
    )


def _warm(side: SideProcess, seat: Seat) -> Member:
    said = side.wait_until_warm()
    member = Member(identity=said.identity, settings=said.settings)
    wrong = stranger(side.name, member, seat.identity)
    if wrong:
        raise PairError(wrong)
    return member


def _turns(baseline: SideProcess, candidate: SideProcess, whole: int) -> tuple[Turn, ...]:
    """Return the turns of slices whose steps are a multiple of `whole`."""
    rehearsals = [side.turn() for side in (baseline, candidate)]
    step_seconds = max(found.wall_seconds / found.steps for found, _ in rehearsals)
    steps = max(FEWEST_STEPS, ceil(SLICE_SECONDS / max(step_seconds, 1e-6)))
    for side in (baseline, candidate):
        side.begin(ceil(steps / whole) * whole)
        side.turn()
    return tuple(_turn(baseline, candidate, turn % 2 == 1) for turn in range(TURNS))


def _turn(baseline: SideProcess, candidate: SideProcess, candidate_first: bool) -> Turn:
    if candidate_first:
        later: tuple[Slice, float] = candidate.turn()
        earlier = baseline.turn()
    else:
        earlier, later = baseline.turn(), candidate.turn()
    return Turn(
        baseline=earlier[0],
        candidate=later[0],
        baseline_round_trip=earlier[1],
        candidate_round_trip=later[1],
    )
