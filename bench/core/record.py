"""The record of one launch: immutable, validated and versioned."""

import math
from typing import Final, Literal

import msgspec

from bench.core.cell import Cell
from bench.core.result import Result, Scalar, WorkerOutput
from bench.core.serialization import (
    DecodeError,
    Document,
    Layout,
    decode_json,
    items_of,
    rename_keys,
)
from bench.core.text import BenchError

#: The layout of a stored record; raised when a field is added, removed or changes its meaning.
RECORD_VERSION: Final = 6

#: What this checkout reads. Earlier versions lack what later ones added, which is None there; up to
#: version 4 the session of a race was called its sitting, and up to version 5 an epoch had only the
#: four logs of `_FOUR_LOGS`.
READABLE_VERSIONS: Final = (1, 2, 3, 4, 5, 6)

_FOUR_LOGS: Final = ("loss", "accuracy", "val_loss", "val_accuracy")


class RecordError(BenchError, ValueError):
    """A stored record or a worker's result cannot be read."""


#: One repetition multiplies two square float32 matrices of this many rows.
GEMM_SIZE: Final = 1024


#: Floating point operations of one repetition: a multiplication and an addition per term.
GEMM_FLOPS: Final = 2 * GEMM_SIZE**3


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Raw seconds of each repetition of the matrix product and of the memory copy."""

    gemm_seconds: tuple[float, ...]
    copy_seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse a calibration without repetitions or with clocks that stood still."""
        for seconds in (self.gemm_seconds, self.copy_seconds):
            if not seconds or not all(0 < value < float("inf") for value in seconds):
                raise ValueError("a calibration needs durations above 0 s")

    @property
    def gemm_gflops(self) -> float:
        """The best rate of the matrix product, in 10^9 operations per second."""
        return GEMM_FLOPS / min(self.gemm_seconds) / 1e9


class DatasetFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The dataset that was used; `official` is False for a local copy that was not verified."""

    name: str
    fingerprint: str
    official: bool
    source: str


class GitFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The harness's commit, None outside a git checkout, and whether tracked files differed."""

    commit: str | None
    dirty: bool | None


class RacePlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where in a race a launch stood: its round, and its position there, both from 0.

    `session` counts from 0 too: a race that was interrupted and resumed has several, and each of
    its rounds is of one alone.
    """

    round: int
    position: int
    session: int = 0


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The stored result of one launch of a cell; failed launches have records too.

    There is a `result` exactly when `status` is "ok", and otherwise a `reason`: the status is
    "unsupported" where the framework refuses the cell, "failed" for all other errors.
    `exit_status` is the worker's, negative for a signal, None when it could not be started: a
    worker that crashes at interpreter exit after its result was written is ok, with that status
    kept. `workload_source` is the sha256 of the workload's source, `protocol_version` that of the
    harness that timed it. `started_at` is UTC in ISO 8601; `wall_seconds` runs from start to exit
    of the process. `environment` holds the variables that can change speed or numerics
    (XLA_FLAGS, OMP_… and the like, see `bench.system.environment`).

    `instrumented` marks a launch with per-step callbacks: it explains a cell's time and never
    counts as a measurement of it. `race` is its place in a race, None outside one. `calibration`
    was measured directly before and directly after the launch, `interpreter_seconds` from the
    start of the process to the worker's first line, `exit_seconds` from the worker's last line to
    the end of the process; these are None in records of version 1, and without a result.
    """

    record_version: int = RECORD_VERSION
    cell: Cell
    digest: str
    protocol_version: int
    workload_source: str
    repetition: int
    run_id: str
    status: Literal["ok", "failed", "unsupported"]
    reason: str | None
    started_at: str
    wall_seconds: float
    exit_status: int | None
    log_tail: str
    result: Result | None
    dataset: DatasetFacts
    machine: dict[str, Scalar]
    versions: dict[str, str]
    git: GitFacts
    environment: dict[str, str] = {}
    instrumented: bool = False
    race: RacePlace | None = None
    calibration: tuple[Calibration, Calibration] | None = None
    interpreter_seconds: float | None = None
    exit_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse a record that contradicts itself or holds impossible numbers."""
        ok = self.status == "ok"
        if ok != (self.result is not None) or ok != (self.reason is None):
            raise ValueError("status, reason and result contradict each other")
        if self.result is not None and (why := count_error(self.cell, self.result)) is not None:
            raise ValueError(why)
        if not 0 <= self.wall_seconds < math.inf or self.repetition < 0:
            raise ValueError("wall_seconds or repetition is not a number from 0")

    @property
    def key(self) -> tuple[str, int]:
        """The digest and the repetition, by which a plan finds its stored record."""
        return (self.digest, self.repetition)

    @property
    def file_name(self) -> str:
        """The name of its file in the store."""
        return file_name(self.cell, self.repetition, self.digest)

    @property
    def machine_id(self) -> str:
        """The short hash that identifies the machine."""
        return str(self.machine.get("machine_id"))


def count_error(cell: Cell, result: Result) -> str | None:
    """Return the contradiction between the epochs that a cell asks for and those of a result."""
    found, asked = len(result.epochs), cell.epochs
    if result.phases or asked is None or found == asked:
        return None
    if found < asked and result.stopped_early:
        return None
    return f"the cell asks for {asked} epochs, the result holds {found}"


def file_name(cell: Cell, repetition: int, digest: str) -> str:
    """Return the name of the file of one launch's record in the store."""
    return f"{cell.id}-r{repetition}-{digest[:12]}.json"


def encode_record(record: Record) -> bytes:
    """Return the record as indented JSON that ends in a newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def decode_record(content: bytes, origin: str) -> Record:
    """Return the record in `content`, read from `origin`; RecordError names what is wrong there.

    A record of an earlier version becomes one of today's, without what it lacks.
    """
    try:
        version = RECORD_LAYOUT.version_of(content)
        if version not in READABLE_VERSIONS:
            raise RecordError(_other_version(version, origin))
        return RECORD_LAYOUT.decode(content)
    except DecodeError as error:
        raise RecordError(f"{origin} is not a record: {error}.") from error


def decode_worker_output(content: bytes) -> WorkerOutput:
    """Return the output that a worker wrote; raises RecordError."""
    try:
        return decode_json(content, WorkerOutput)
    except DecodeError as error:
        raise RecordError(f"the worker wrote an unusable result: {error}") from error


def _upgrade(document: Document) -> None:
    rename_keys(document.get("race"), {"sitting": "session"})
    result = document.get("result")
    for epoch in items_of(result, "epochs") if isinstance(result, dict) else ():
        if isinstance(epoch, dict) and "logs" not in epoch:
            logs = {name: epoch.pop(name) for name in _FOUR_LOGS if name in epoch}
            epoch["logs"] = {name: value for name, value in logs.items() if value is not None}


#: How records are stored.
RECORD_LAYOUT: Final = Layout(Record, "record_version", RECORD_VERSION, _upgrade)


def _other_version(version: int, origin: str) -> str:
    advice = (
        "re-run its cell to get a new record"
        if version < RECORD_VERSION
        else "read it with the newer checkout that wrote it"
    )
    readable = " and ".join(map(str, READABLE_VERSIONS))
    return f"{origin} has record version {version}, this checkout reads {readable}; {advice}."
