"""Messages between the gate and one side of a lock-step pair, one JSON object per line."""

from typing import Literal

import msgspec

from bench.core.job import Job
from bench.core.result import Scalar

Clock = Literal["wall", "cpu"]


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The identity of a side, as the gate expects it and as the side then reports it.

    `workload_source` is the sha256 of the workload's source. `work` is the number of steps really
    done per reported step; it is above 1 in a positive control.
    """

    python: str
    versions: dict[str, str]
    workload_source: str
    variables: dict[str, str]
    work: float = 1.0


class SideJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The job of one side of a pair, as its worker receives it.

    The worker reads requests from `requests_fd` and writes messages to `events_fd` of the job. It
    reports its own value of each field of `identity`.
    """

    job: Job
    identity: Identity
    requests_fd: int


class StartSlices(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To a warm side: train one slice of `steps` steps per request from now on."""

    steps: int


class Ready(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="built"):
    """From a side: its model is built, and it waits for a request to train."""


class WarmedUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="warm"):
    """From a side after its warm-up: its identity, its provenance and the seconds of a step."""

    identity: Identity
    settings: dict[str, Scalar]
    step_seconds: float


class Slice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="slice"):
    """From a side: one slice of `steps` steps, timed between two device synchronisations.

    Its process used `idle_cpu_seconds` of CPU time while it waited `idle_seconds` for the request.
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
    """From a side: it cannot continue; `reason` explains why in one sentence."""

    reason: str


Message = Ready | WarmedUp | Slice | Failed
