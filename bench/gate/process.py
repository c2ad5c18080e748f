"""The parent's end of one side of a pair: its process, and what the two tell each other."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Final, Self

import msgspec

from bench.baton import Begin, Said, SideJob, Slice, Trouble, Warm
from bench.environment import worker_environment
from bench.job import Job

_COMMAND: Final = ("-P", "-m", "bench.worker.lockstep")


class SideError(Exception):
    """A side of a pair failed, died or hung."""


class SideProcess:
    """A worker that trains only in its turns; a context manager that kills it with its children."""

    def __init__(
        self,
        name: str,
        python: str,
        job: Job,
        *,
        source: str,
        work: float,
        outer: Mapping[str, str],
        log_path: Path,
        timeout_seconds: float,
    ) -> None:
        """Start the side `name`; every answer has to come within `timeout_seconds`."""
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._scratch = tempfile.TemporaryDirectory(prefix="keras-bench-")
        folder = Path(self._scratch.name)
        turns, self._baton = os.pipe()
        self._events, events = os.pipe()
        job = msgspec.structs.replace(job, events_fd=events)
        side = SideJob(job=job, source=source, work=work, baton_fd=turns)
        (folder / "side.json").write_bytes(msgspec.json.encode(side))
        self._pending = b""
        try:
            with log_path.open("ab") as log:
                self._worker = subprocess.Popen(
                    [python, *_COMMAND, str(folder / "side.json")],
                    env=worker_environment(job.cell, outer, folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    pass_fds=[turns, events],
                )
        except OSError as error:
            raise SideError(f"{name}: {python} cannot be started: {error.strerror}.") from error
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

    def wait_until_warm(self) -> Warm:
        """Return what the side says when it is compiled."""
        said = self._heard()
        if not isinstance(said, Warm):
            raise SideError(f"{self._name} said {said} before it was warm.")
        return said

    def begin(self, steps: int) -> None:
        """Tell the side how long its slices are."""
        self._tell(msgspec.json.encode(Begin(steps=steps)))

    def turn(self) -> Slice:
        """Give the side one turn and return what it timed; this process sleeps meanwhile."""
        self._tell(b"")
        said = self._heard()
        if not isinstance(said, Slice):
            raise SideError(f"{self._name} said {said} in its turn.")
        return said

    def _tell(self, line: bytes) -> None:
        try:
            os.write(self._baton, line + b"\n")
        except BrokenPipeError:
            raise SideError(f"{self._name} has ended; the end of its log tells why.") from None

    def _heard(self) -> Warm | Slice:
        try:
            said: Said = msgspec.json.decode(self._line(), type=Said)
        except msgspec.MsgspecError as error:
            raise SideError(f"{self._name} said what cannot be read: {error}.") from error
        if isinstance(said, Trouble):
            raise SideError(f"{self._name} failed: {said.reason}.")
        return said

    def _line(self) -> bytes:
        deadline = monotonic() + self._timeout_seconds
        poll = select.poll()
        poll.register(self._events, select.POLLIN)
        while b"\n" not in self._pending:
            if not poll.poll(max(0.0, deadline - monotonic()) * 1000):
                raise SideError(
                    f"{self._name} said nothing for {self._timeout_seconds:g} s and was killed."
                )
            chunk = os.read(self._events, 65_536)
            if not chunk:
                raise SideError(f"{self._name} has ended; the end of its log tells why.")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line
