"""The parent's end of one side of a pair: its process, and what the two tell each other."""

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
    """What one process of a pair is started with: its work, who it must be, its environment."""

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
    """Start the side `name`, and kill it with all that it started at the end of the block.

    Every answer has to come within `timeout_seconds`. PairError when it cannot be started.
    """
    python = side_spec.identity.python
    (turns, baton), (events, answers) = open_pipe(), open_pipe()
    with (
        turns,
        baton,
        events,
        answers,
        tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch,
        log_path.open("ab") as log,
    ):
        folder = Path(scratch)
        job = msgspec.structs.replace(side_spec.job, events_fd=answers.fileno())
        side = SideJob(job=job, identity=side_spec.identity, baton_fd=turns.fileno())
        (folder / "side.json").write_bytes(msgspec.json.encode(side))
        worker = WorkerProcess(
            [python, *command, str(folder / "side.json")],
            side_spec.environment.for_launch(folder),
            log,
            events=events,
            handed=[turns, answers],
        )
        try:
            with worker:
                yield SideProcess(name, worker, baton, timeout_seconds)
        except StartError as error:
            raise PairError(f"{name}: {error}") from error


class SideProcess:
    """A worker that trains only in its turns."""

    def __init__(
        self, name: str, worker: WorkerProcess, baton: BinaryIO, timeout_seconds: float
    ) -> None:
        """Talk to a side that runs: turns go out on `baton`, the `worker` is heard."""
        self.name = name
        self._worker = worker
        self._baton = baton
        self._timeout_seconds = timeout_seconds
        self._pending = b""

    def wait_until_built(self) -> None:
        """Wait until the side has imported its framework and built its model."""
        said = self._heard()
        if not isinstance(said, Ready):
            raise PairError(f"{self.name} said {said} before it was built.")

    def warm(self) -> WarmedUp:
        """Give the side its first turn, to compile in, and return what it says after it."""
        self._tell(b"")
        said = self._heard()
        if not isinstance(said, WarmedUp):
            raise PairError(f"{self.name} said {said} instead of getting warm.")
        return said

    def begin(self, steps: int) -> None:
        """Tell the side how long its slices are."""
        self._tell(msgspec.json.encode(StartSlices(steps=steps)))

    def turn(self) -> tuple[Slice, float]:
        """Give the side one turn; return what it timed, and the seconds until it had answered.

        This process sleeps meanwhile.
        """
        begin = perf_counter()
        self._tell(b"")
        said = self._heard()
        if not isinstance(said, Slice):
            raise PairError(f"{self.name} said {said} in its turn.")
        return said, perf_counter() - begin

    def _tell(self, line: bytes) -> None:
        try:
            self._baton.write(line + b"\n")
        except BrokenPipeError:
            raise PairError(f"{self.name} has ended; the end of its log tells why.") from None

    def _heard(self) -> Ready | WarmedUp | Slice:
        try:
            said: Message = decode_json(self._line(), Message)  # type: ignore[arg-type]
        except DecodeError as error:
            raise PairError(f"{self.name} said what cannot be read: {error}.") from error
        if isinstance(said, Failed):
            raise PairError(f"{self.name} failed: {said.reason}.")
        return said

    def _line(self) -> bytes:
        deadline = monotonic() + self._timeout_seconds
        while b"\n" not in self._pending:
            heard = self._worker.listen(deadline)
            if heard is Silence.LATE:
                raise PairError(
                    f"{self.name} said nothing for {self._timeout_seconds:g} s and was killed."
                )
            if not isinstance(heard, bytes) or not heard:
                raise PairError(f"{self.name} has ended; the end of its log tells why.")
            self._pending += heard
        line, _, self._pending = self._pending.partition(b"\n")
        return line
