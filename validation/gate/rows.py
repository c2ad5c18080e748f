"""A raw row of the proof: one real lock-step pair, its slices and what was done to it."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from bench.core.result import Scalar
from bench.regression.messages import Identity, Slice
from bench.regression.pair import Pair, SideReport, SlicePair

#: Raised whenever the rows' fields change, or what is timed.
PROOF_VERSION: Final = 1

#: `crowded`: quiet on its own cores, while other gates are measured on the machine's other ones.
#: `plain`: without the variables that the gate sets for both sides against the spread.
Condition = Literal["quiet", "crowded", "half loaded", "plain"]

#: A candidate's work, and the condition.
GateKind = tuple[float, Condition]

#: Added work by the percentage that names it. Steps come in whole numbers: 34 for 33 is 3.03% more.
_WORKS: Final = {"0": 1.0, "3": 34 / 33, "5": 1.05, "10": 1.1}
#: Every kind of gate by its name, such as `half-loaded:10`.
KINDS: Final[Mapping[str, GateKind]] = {
    f"{condition.replace(' ', '-')}:{percent}": (work, condition)
    for condition in get_args(Condition)
    for percent, work in _WORKS.items()
}


class Arm(NamedTuple):
    """What is done to a gate's candidate, and where: it really does `work` times as many steps."""

    backend: str
    work: float
    condition: Condition


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the pairs of one session were measured; what is in a dict of dicts is by backend.

    `variables` are those that the gate set for both sides; sessions before there was this field
    had all of today's but GLIBC_TUNABLES.
    """

    proof_version: int
    session: str
    machine: dict[str, Scalar]
    commit: str | None
    dirty: bool | None
    cells: dict[str, str]
    versions: dict[str, dict[str, str]]
    variables: dict[str, dict[str, str]] = {}


class Clocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A side's seconds in each of its turns."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]


class RealPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pair `number` of the gate `gate` of an arm, all three counted from 0.

    No two gates of an arm share a process. `seconds` is the wall time of the pair, starts
    included; `steps` are those of a slice of the baseline. `reason` tells in a phrase why it was
    no sound measurement.
    """

    session: str
    backend: str
    work: float
    condition: Condition
    gate: int
    number: int
    started_at: str
    seconds: float
    steps: int
    baseline: Clocks
    candidate: Clocks
    reason: str | None = None

    @property
    def arm(self) -> Arm:
        """The arm."""
        return Arm(self.backend, self.work, self.condition)

    @property
    def pair(self) -> Pair:
        """The pair as the gate judges it."""
        return pair_of(
            "",
            self.number,
            self.seconds,
            list(zip(self.baseline.wall, self.candidate.wall, strict=True)),
            list(zip(self.baseline.cpu, self.candidate.cpu, strict=True)),
        )


_NOBODY: Final = SideReport(
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
        slices=tuple(_turn(*turn) for turn in zip(wall, cpu, strict=True)),
    )


def _turn(wall: Seconds, cpu: Seconds) -> SlicePair:
    return SlicePair(
        baseline=_slice(wall[0], cpu[0]),
        candidate=_slice(wall[1], cpu[1]),
        baseline_round_trip=wall[0],
        candidate_round_trip=wall[1],
    )


def _slice(wall: float, cpu: float) -> Slice:
    return Slice(
        steps=1, wall_seconds=wall, cpu_seconds=cpu, idle_seconds=wall, idle_cpu_seconds=0.0
    )
