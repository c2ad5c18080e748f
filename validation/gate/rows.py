"""A raw row of the validation: one real lock-step pair with its slices and its condition."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from bench.core.result import Scalar
from bench.regression.messages import Identity, Slice
from bench.regression.pair import Pair, SideReport, SlicePair

#: Raised whenever the fields of the rows or the timed work change.
PROOF_VERSION: Final = 1

#: `crowded`: quiet on its own cores, while other gates are measured on the machine's other cores.
#: `plain`: without the noise-reducing variables that the gate sets on both sides.
Condition = Literal["quiet", "crowded", "half loaded", "plain"]

#: The candidate's work and the condition.
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
    """Backend, condition and work of a gate: the candidate really does `work` times the steps."""

    backend: str
    work: float
    condition: Condition


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The provenance of the pairs of one session; the keys of nested dicts are backends.

    `variables` are those that the gate set on both sides. Sessions without this field had all of
    the current ones except GLIBC_TUNABLES.
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
    """The seconds of each slice of a side."""

    wall: tuple[float, ...]
    cpu: tuple[float, ...]


class RealPair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Pair `number` of the gate `gate` of an arm, both counted from 0.

    No two gates of an arm share a process. `seconds` is the wall time of the pair, including
    starts; `steps` is the number of steps of a slice of the baseline. `reason` is a phrase that
    explains why the pair is invalid, or None.
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
        """The pair in the form that the gate judges."""
        return pair_of(
            "",
            self.number,
            self.seconds,
            list(zip(self.baseline.wall, self.candidate.wall, strict=True)),
            list(zip(self.baseline.cpu, self.candidate.cpu, strict=True)),
        )


_UNKNOWN_SIDE: Final = SideReport(
    identity=Identity(python="", versions={}, workload_source="", variables={}), settings={}
)

#: The seconds of a slice pair: the baseline's and the candidate's.
Seconds = Sequence[float]


def pair_of(
    cell_id: str, number: int, seconds: float, wall: Sequence[Seconds], cpu: Sequence[Seconds]
) -> Pair:
    """Return a pair that took `seconds`; its slices took `wall` and `cpu` seconds."""
    return Pair(
        kind="cell",
        cell_id=cell_id,
        number=number,
        seconds=seconds,
        baseline=_UNKNOWN_SIDE,
        candidate=_UNKNOWN_SIDE,
        slices=tuple(_slice_pair(*clocks) for clocks in zip(wall, cpu, strict=True)),
    )


def _slice_pair(wall: Seconds, cpu: Seconds) -> SlicePair:
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
