"""One side of a pair as the parent sees it: its process and the messages exchanged with it."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter
from typing import BinaryIO, Final

import msgspec

from bench.core.job import Job
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import BenchError
from bench.regression.messages import (
    Failed,
    Identity,
    Message,
    Ready,
    SideJob,
    Slice,
    StartSlices,
    WarmedUp,
)
from bench.runner.worker_process import Silence, StartError, WorkerProcess, open_pipe
from bench.system.environment import CellEnvironment

LOCKSTEP_COMMAND: Final = ("-P", "-m", "bench.worker.lockstep")


class PairError(BenchError):
    """A side of a pair failed, died or hung."""


class SideSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The specification of one process of a pair: its job, expected identity and environment."""

    job: Job
    identity: Identity
    environment: CellEnvironment


@contextmanager
def start_side(
    name: str,
    side_spec: SideSpec,
    log_path: Path,
    timeout_seconds: float,
    command: Sequence[str] = LOCKSTEP_COMMAND,
) -> Iterator["SideProcess"]:
    """Start the side `name`; kill it and all its descendants at the end of the block.

    Each response must arrive within `timeout_seconds`. PairError if the side cannot be started.
    """
    python = side_spec.identity.python
    (requests, sender), (events, answers) = open_pipe(), open_pipe()
    with (
        requests,
        sender,
        events,
        answers,
        tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch,
        log_path.open("ab") as log,
    ):
        folder = Path(scratch)
        job = msgspec.structs.replace(side_spec.job, events_fd=answers.fileno())
        side = SideJob(job=job, identity=side_spec.identity, requests_fd=requests.fileno())
        (folder / "side.json").write_bytes(msgspec.json.encode(side))
        worker = WorkerProcess(
            [python, *command, str(folder / "side.json")],
            side_spec.environment.for_launch(folder),
            log,
            events=events,
            handed=[requests, answers],
        )
        try:
            with worker:
                yield SideProcess(name, worker, sender, timeout_seconds)
        except StartError as error:
            raise PairError(f"{name}: {error}") from error


class SideProcess:
    """A worker that trains only on request."""

    def __init__(
        self, name: str, worker: WorkerProcess, requests: BinaryIO, timeout_seconds: float
    ) -> None:
        """Send requests to a running side on `requests` and read messages from `worker`."""
        self.name = name
        self._worker = worker
        self._requests = requests
        self._timeout_seconds = timeout_seconds
        self._pending = b""

    def wait_until_built(self) -> None:
        """Wait until the side has imported its framework and built its model."""
        message = self._receive()
        if not isinstance(message, Ready):
            raise PairError(f"{self.name} sent {message} before its model was built.")

    def warm(self) -> WarmedUp:
        """Let the side compile and warm up; return its report."""
        self._send(b"")
        message = self._receive()
        if not isinstance(message, WarmedUp):
            raise PairError(f"{self.name} sent {message} instead of its warm-up report.")
        return message

    def start_slices(self, steps: int) -> None:
        """Send the side the number of steps of its slices."""
        self._send(msgspec.json.encode(StartSlices(steps=steps)))

    def run_slice(self) -> tuple[Slice, float]:
        """Request one slice; return it and the seconds from the request to the response.

        This process sleeps meanwhile.
        """
        begin = perf_counter()
        self._send(b"")
        message = self._receive()
        if not isinstance(message, Slice):
            raise PairError(f"{self.name} sent {message} instead of a slice.")
        return message, perf_counter() - begin

    def _send(self, line: bytes) -> None:
        try:
            self._requests.write(line + b"\n")
        except BrokenPipeError:
            raise PairError(f"{self.name} has ended; its log shows the reason.") from None

    def _receive(self) -> Ready | WarmedUp | Slice:
        try:
            message: Message = decode_json(self._line(), Message)  # type: ignore[arg-type]
        except DecodeError as error:
            raise PairError(f"{self.name} sent an unreadable message: {error}.") from error
        if isinstance(message, Failed):
            raise PairError(f"{self.name} failed: {message.reason}.")
        return message

    def _line(self) -> bytes:
        deadline = monotonic() + self._timeout_seconds
        while b"\n" not in self._pending:
            received = self._worker.listen(deadline)
            if received is Silence.LATE:
                raise PairError(
                    f"{self.name} sent nothing for {self._timeout_seconds:g} s and was killed."
                )
            if not isinstance(received, bytes) or not received:
                raise PairError(f"{self.name} has ended; its log shows the reason.")
            self._pending += received
        line, _, self._pending = self._pending.partition(b"\n")
        return line
