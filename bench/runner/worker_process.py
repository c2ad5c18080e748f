"""A child of the harness: the one way to start, hear, time out and clean up after any of them.

Launches, both sides of a pair, certifying and profiling workers, the background load and a user's
dataset function all run in one.
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

#: `poll` takes its milliseconds as a C int, which ends at 24 days.
_LONGEST_POLL_SECONDS: Final = 86_400.0


class StartError(BenchError):
    """A child could not be started."""


class Silence(Enum):
    """Why nothing more was heard of a child: it has ended, or the deadline has passed."""

    ENDED = auto()
    LATE = auto()


class WorkerProcess:
    """A child that leads a session of its own; a context manager that leaves none of its processes.

    At the end of the block, whatever ends it, the child and its group are killed, and so is every
    other process that it started, in whatever session. Other children of ours live on. While the
    child runs, this side sleeps in the kernel: it wakes when the child writes or ends, not by a
    clock. Interruptions are held back while it starts and while it is killed.
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
        """Prepare a child that is started when the block is entered.

        `log` gets its standard error, and its standard output unless `drop_stdout`; None is this
        process's own. `events` is the pipe on which it is heard, if any; `handed` are the ends of
        pipes that it inherits, which are closed here once it has them.
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
        """Start the child; StartError where that is impossible."""
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
        """Kill the child and all that it left."""
        with deferred_signals(), self._resources:
            try:
                self._kill()
            finally:
                kill_orphans(self._known)

    @property
    def exit_status(self) -> int:
        """How the child ended, negative for a signal; ValueError before the end of the block."""
        if self._process is None or self._process.returncode is None:
            raise ValueError("The child has not ended.")
        return self._process.returncode

    @property
    def ended_clock(self) -> float:
        """The machine's monotonic clock when the child had ended, in seconds."""
        return self._ended_clock

    def listen(self, deadline: float) -> bytes | Silence:
        """Block until the child writes, and return that; or why nothing came by the `deadline`.

        `deadline` is a reading of `time.monotonic`. No bytes mean that the child, and all that
        inherited its end, closed the pipe; later calls then wait for the end of the child alone.
        """
        while (left := deadline - monotonic()) > 0:
            ready = {fd for fd, _ in self._poll.poll(min(left, _LONGEST_POLL_SECONDS) * 1000)}
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
        """Block until the child has ended; False when it has not after `timeout_seconds`."""
        deadline = monotonic() + timeout_seconds
        while isinstance(heard := self.listen(deadline), bytes):
            pass
        return heard is Silence.ENDED

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
        # The child is a zombie until `wait`, so its group's number cannot have been reused.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._ended_clock = perf_counter()


def open_pipe() -> tuple[BinaryIO, BinaryIO]:
    """Return the reading and the writing end of a new pipe, both unbuffered."""
    reader, writer = os.pipe()
    return os.fdopen(reader, "rb", buffering=0), os.fdopen(writer, "wb", buffering=0)
