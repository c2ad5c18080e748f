"""What the gate and one side of a lock-step pair tell each other, a JSON line at a time."""

from typing import Literal

import msgspec

from bench.core.job import Job
from bench.core.result import Scalar

Clock = Literal["wall", "cpu"]


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who a side is: what the gate expects, and what the side then finds out about itself.

    `workload_source` is the sha256 of the workload's source, `work` the number of steps that are
    really done for each one that is reported: above 1 in a control that has to be found.
    """

    python: str
    versions: dict[str, str]
    workload_source: str
    variables: dict[str, str]
    work: float = 1.0


class SideJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One side of a pair, seen from the child.

    The side reads turns from `baton_fd` and writes what it says to `events_fd` of the job. It
    answers with its own values of all that `identity` names.
    """

    job: Job
    identity: Identity
    baton_fd: int


class StartSlices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To a warm side: train slices of so many steps, one per turn from the next one on."""

    steps: int


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="built"):
    """From a side: its model is built, and it waits for its turn to train it."""


class WarmedUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="warm"):
    """From a side after its first turn: compiled; its identity, provenance, a step's seconds."""

    identity: Identity
    settings: dict[str, Scalar]
    step_seconds: float


class Slice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="slice"):
    """From a side: one turn, timed over `steps` steps from one synchronised device to the next.

    `idle_cpu_seconds` is the CPU time of its process while it waited `idle_seconds` for the turn.
    """

    steps: int
    wall_seconds: float
    cpu_seconds: float
    idle_seconds: float
    idle_cpu_seconds: float

    def seconds(self, clock: Clock) -> float:
        """Return the slice's seconds on one of the two clocks."""
        return self.wall_seconds if clock == "wall" else self.cpu_seconds


class Failed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="trouble"):
    """From a side: it cannot go on, and why, in one sentence."""

    reason: str


Message = Ready | WarmedUp | Slice | Failed
