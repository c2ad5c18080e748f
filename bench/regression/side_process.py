"""The parent's end of one side of a pair: its process, and what the two tell each other."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import monotonic, perf_counter
from types import TracebackType
from typing import Final, Self

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
from bench.system.environment import worker_environment

LOCKSTEP_COMMAND: Final = ("-P", "-m", "bench.worker.lockstep")


class PairError(BenchError):
    """A side of a pair failed, died or hung."""


class SideSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What one process of a pair is started with: its work, who it must be, its environment."""

    job: Job
    identity: Identity
    base_environment: dict[str, str]


class SideProcess:
    """A worker that trains only in its turns; a context manager that kills it with its children."""

    def __init__(
        self,
        name: str,
        side_spec: SideSpec,
        log_path: Path,
        timeout_seconds: float,
        command: Sequence[str] = LOCKSTEP_COMMAND,
    ) -> None:
        """Start the side `name`; every answer has to come within `timeout_seconds`."""
        self.name = name
        self._timeout_seconds = timeout_seconds
        self._pending = b""
        self._scratch = tempfile.TemporaryDirectory(prefix="keras-bench-")
        folder = Path(self._scratch.name)
        turns, self._baton = os.pipe()
        self._events, events = os.pipe()
        job = msgspec.structs.replace(side_spec.job, events_fd=events)
        side = SideJob(job=job, identity=side_spec.identity, baton_fd=turns)
        (folder / "side.json").write_bytes(msgspec.json.encode(side))
        python = side_spec.identity.python
        try:
            with log_path.open("ab") as log:
                self._worker = subprocess.Popen(
                    [python, *command, str(folder / "side.json")],
                    env=worker_environment(job.cell, side_spec.base_environment, folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[turns, events],
                )
        except OSError as error:
            os.close(self._baton)
            os.close(self._events)
            self._scratch.cleanup()
            raise PairError(f"{name}: {python} cannot be started: {error.strerror}.") from error
        finally:
            os.close(turns)
            os.close(events)

    def __enter__(self) -> Self:
        """Return the side itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Kill the side."""
        os.close(self._baton)
        os.killpg(self._worker.pid, signal.SIGKILL)
        self._worker.wait()
        os.close(self._events)
        self._scratch.cleanup()

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
            os.write(self._baton, line + b"\n")
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
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        while b"\n" not in self._pending:
            if not poll.poll(max(0.0, deadline - monotonic()) * 1000):
                raise PairError(
                    f"{self.name} said nothing for {self._timeout_seconds:g} s and was killed."
                )
            chunk = os.read(self._events, 65_536)
            if not chunk:
                raise PairError(f"{self.name} has ended; the end of its log tells why.")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line
