"""From bare seconds of slices back to a pair that the gate can judge."""

from collections.abc import Sequence
from typing import Final

from bench.regression.messages import Identity, Slice
from bench.regression.pair import Member, Pair, Turn

_NOBODY: Final = Member(
    identity=Identity(python="", versions={}, workload_source="", variables={}), settings={}
)

#: The seconds of a turn: the baseline's and the candidate's.
Seconds = Sequence[float]


def pair_of(
    cell_id: str, number: int, seconds: float, wall: Sequence[Seconds], cpu: Sequence[Seconds]
) -> Pair:
    """Return the pair of so many `seconds` whose turns took `wall` and `cpu` seconds."""
    return Pair(
        kind="cell",
        cell_id=cell_id,
        number=number,
        seconds=seconds,
        baseline=_NOBODY,
        candidate=_NOBODY,
        turns=tuple(_turn(*turn) for turn in zip(wall, cpu, strict=True)),
    )


def _turn(wall: Seconds, cpu: Seconds) -> Turn:
    return Turn(
        baseline=_slice(wall[0], cpu[0]),
        candidate=_slice(wall[1], cpu[1]),
        baseline_round_trip=wall[0],
        candidate_round_trip=wall[1],
    )


def _slice(wall: float, cpu: float) -> Slice:
    return Slice(
        steps=1, wall_seconds=wall, cpu_seconds=cpu, idle_seconds=wall, idle_cpu_seconds=0.0
    )
