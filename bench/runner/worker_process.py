"""The one way to start a child process, listen to it, time it out and clean up after it.

Launches, both sides of a pair, certifying and profiling workers, the background load and a user's
dataset function all run in such a child.
"""

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from enum import Enum, auto
from time import monotonic, perf_counter
from types import TracebackType
from typing import IO, BinaryIO, Final, Self

from bench.core.text import BenchError
from bench.system.orphans import become_subreaper, kill_orphans
from bench.system.signals import deferred_signals, wakeup_pipe

#: `poll` takes milliseconds as a C int, which overflows at 24 days.
_LONGEST_POLL_SECONDS: Final = 86_400.0


class StartError(BenchError):
    """A child could not be started."""


class Silence(Enum):
    """Why a child sent nothing more: it has ended, or the deadline has passed."""

    ENDED = auto()
    LATE = auto()


class WorkerProcess:
    """A child process in its own session, as a context manager that leaves no process behind.

    However the block ends, the child, its process group and every other process that it started are
    killed, whatever their session. Other children of this process are not affected. While the child
    runs, this process sleeps in the kernel and wakes only when the child writes or ends, never
    periodically. Interruptions are deferred while the child is started and while it is killed.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: BinaryIO | None,
        *,
        drop_stdout: bool = False,
        events: BinaryIO | None = None,
        handed: Sequence[IO[bytes]] = (),
    ) -> None:
        """Prepare a child; it is started when the block is entered.

        `log` receives its standard error, and its standard output unless `drop_stdout`; with None,
        both go to those of this process. `events` is the pipe on which the child writes, if any.
        `handed` are the pipe ends that the child inherits; they are closed here after its start.
        """
        self._command = command
        self._environment = environment
        self._log = log
        self._drop_stdout = drop_stdout
        self._events = events
        self._handed = handed
        self._known = become_subreaper()
        self._resources = ExitStack()
        self._poll = select.poll()
        self._exited = self._signals = -1
        self._process: subprocess.Popen[bytes] | None = None
        self._ended_clock = 0.0

    def __enter__(self) -> Self:
        """Start the child; raises StartError if that fails."""
        try:
            with deferred_signals():
                self._start()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Kill the child and all its descendants."""
        with deferred_signals(), self._resources:
            try:
                self._kill()
            finally:
                kill_orphans(self._known)

    @property
    def exit_status(self) -> int:
        """Its exit status, negative for a signal; raises ValueError before the end of the block."""
        if self._process is None or self._process.returncode is None:
            raise ValueError("The child has not ended.")
        return self._process.returncode

    @property
    def ended_clock(self) -> float:
        """The machine's monotonic clock after the child had ended, in seconds."""
        return self._ended_clock

    def listen(self, deadline: float) -> bytes | Silence:
        """Block until the child writes and return the bytes, or a Silence if nothing arrives.

        `deadline` is a reading of `time.monotonic`. Empty bytes mean that the child and every
        process that inherited its end of the pipe closed it; later calls wait only for the end of
        the child.
        """
        while (remaining := deadline - monotonic()) > 0:
            timeout = min(remaining, _LONGEST_POLL_SECONDS) * 1000
            ready = {fd for fd, _ in self._poll.poll(timeout)}
            if self._signals in ready:
                os.read(self._signals, 4096)
            if self._events is not None and self._events.fileno() in ready:
                chunk = os.read(self._events.fileno(), 65_536)
                if not chunk:
                    self._poll.unregister(self._events)
                return chunk
            if self._exited in ready:
                return Silence.ENDED
        return Silence.LATE

    def wait(self, timeout_seconds: float) -> bool:
        """Block until the child has ended; return False if it runs after `timeout_seconds`."""
        deadline = monotonic() + timeout_seconds
        while isinstance(received := self.listen(deadline), bytes):
            pass
        return received is Silence.ENDED

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if self._drop_stdout else self._log,
                stderr=self._log if self._drop_stdout else subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[end.fileno() for end in self._handed],
            )
            self._exited = os.pidfd_open(self._process.pid)
            self._resources.callback(os.close, self._exited)
            self._signals = self._resources.enter_context(wakeup_pipe())
        except OSError as error:
            raise StartError(f"{self._command[0]} cannot be started: {error.strerror}.") from error
        finally:
            for end in self._handed:
                end.close()
        for descriptor in (self._exited, self._signals, self._events):
            if descriptor is not None:
                self._poll.register(descriptor, select.POLLIN)

    def _kill(self) -> None:
        """Kill the child's group and reap it."""
        if self._process is None:
            return
        # The child is a zombie until `wait`, so the id of its group cannot have been reused.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._ended_clock = perf_counter()


def open_pipe() -> tuple[BinaryIO, BinaryIO]:
    """Return the reading and the writing end of a new pipe, both unbuffered."""
    reader, writer = os.pipe()
    return os.fdopen(reader, "rb", buffering=0), os.fdopen(writer, "wb", buffering=0)
