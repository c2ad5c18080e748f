"""The parent side of one launch: start a worker, block until it ends, say how it ended."""

import os
import select
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter
from typing import BinaryIO, Final

import msgspec

from bench.core.job import Job, Progress
from bench.core.record import RecordError, decode_worker_output
from bench.core.result import WorkerOutput
from bench.core.serialization import DecodeError, decode_json
from bench.system.environment import worker_environment
from bench.system.orphans import become_subreaper, kill_orphans
from bench.system.signals import deferred_signals, wakeup_pipe

#: How a worker is started; `-P` keeps modules of the current folder from shadowing ours.
WORKER_COMMAND: Final = ("-P", "-m", "bench.worker")

#: A worker closes its events when its output is written; it gets this long to exit after that.
EXIT_SECONDS: Final = 60.0

_TAIL_CHARACTERS: Final = 4_000
_OUTPUT: Final = "output.json"

#: `poll` takes its milliseconds as a C int, which ends at 24 days.
_LONGEST_POLL_SECONDS: Final = 86_400.0


class LaunchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one launch ended: the worker's output, and what only the parent can see.

    `exit_status` is negative for a signal; `wall_seconds` runs from start to exit of the process,
    and `started_clock` is the machine's monotonic clock at that start.
    """

    output: WorkerOutput
    started_at: str
    started_clock: float
    wall_seconds: float
    exit_status: int | None
    log_tail: str


def launch(
    job: Job,
    python: str,
    *,
    log_path: Path,
    timeout_seconds: float,
    on_progress: Callable[[Progress], None] = lambda _: None,
    base_environment: Mapping[str, str] = os.environ,
    command: Sequence[str] = WORKER_COMMAND,
) -> LaunchOutcome:
    """Run the job in a fresh process of `python` and return how it ended.

    The worker leads its own process group, which is killed when it ends, when `timeout_seconds`
    have passed and when this call is interrupted, and so are its children in any other group. This
    side sleeps in the kernel meanwhile; it wakes when an epoch is finished, not by a clock. A
    machine that lacks what a launch needs (an interpreter, room for a log, a descriptor) is a
    reason of the outcome too.
    """
    started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    start = perf_counter()
    line = [python, *command]
    known = become_subreaper()
    try:
        return _launch(
            job, line, log_path, timeout_seconds, on_progress, base_environment, started_at
        )
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        reason = f"the launch broke off: {error.strerror}{place}"
        return _never_started(reason, started_at, start)
    finally:
        kill_orphans(known)


def _launch(
    job: Job,
    command: Sequence[str],
    log_path: Path,
    timeout_seconds: float,
    on_progress: Callable[[Progress], None],
    base_environment: Mapping[str, str],
    started_at: str,
) -> LaunchOutcome:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch, log_path.open("w+b") as log:
        folder = Path(scratch)
        start = perf_counter()
        with deferred_signals() as release:
            try:
                worker, events = _start(job, command, folder, base_environment, log)
            except OSError as error:
                reason = f"{command[0]} cannot be started: {error.strerror}."
                return _never_started(reason, started_at, start)
            with events:
                in_time = _wait(worker, events.fileno(), timeout_seconds, on_progress, release)
        wall_seconds = perf_counter() - start
        tail = _read_tail(log)
        return LaunchOutcome(
            output=_judge(folder, worker.returncode, timeout_seconds, in_time, tail),
            started_at=started_at,
            started_clock=start,
            wall_seconds=wall_seconds,
            exit_status=worker.returncode,
            log_tail=tail,
        )


def _start(
    job: Job,
    command: Sequence[str],
    folder: Path,
    base_environment: Mapping[str, str],
    log: BinaryIO,
) -> tuple[subprocess.Popen[bytes], BinaryIO]:
    """Start the worker; return it and the end of the pipe on which it tells of its epochs."""
    reader, writer = os.pipe()
    events = os.fdopen(reader, "rb", buffering=0)
    output_path = str(folder / _OUTPUT)
    try:
        job = msgspec.structs.replace(job, output_path=output_path, events_fd=writer)
        (folder / "job.json").write_bytes(msgspec.json.encode(job))
        worker = subprocess.Popen(
            [*command, str(folder / "job.json")],
            env=worker_environment(job.cell, base_environment, folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[writer],
        )
    except BaseException:
        events.close()
        raise
    finally:
        os.close(writer)
    return worker, events


def _wait(
    worker: subprocess.Popen[bytes],
    events: int,
    timeout_seconds: float,
    on_progress: Callable[[Progress], None],
    release: Callable[[], None],
) -> bool:
    """Block until the worker ends, then kill its group; False when it did not end in time.

    Interruptions that were held while the worker started are let go by `release` in here, where
    they cannot leave it behind.
    """
    deadline = monotonic() + timeout_seconds
    try:
        exited = os.pidfd_open(worker.pid)
        try:
            release()
            with wakeup_pipe() as signals:
                return _watch(exited, events, signals, deadline, on_progress)
        finally:
            os.close(exited)
    finally:
        # The worker is a zombie until `wait`, so its group's number cannot have been reused.
        _kill_group(worker.pid)
        worker.wait()


def _watch(
    exited: int,
    events: int,
    signals: int,
    deadline: float,
    on_progress: Callable[[Progress], None],
) -> bool:
    """Hand on events until the worker has exited; False when the deadline comes first."""
    poll = select.poll()
    for descriptor in (exited, events, signals):
        poll.register(descriptor, select.POLLIN)
    pending = b""
    while (left := deadline - monotonic()) > 0:
        ready = {fd for fd, _ in poll.poll(min(left, _LONGEST_POLL_SECONDS) * 1000)}
        if signals in ready:
            os.read(signals, 4096)
        if events in ready:
            chunk = os.read(events, 65_536)
            if not chunk:
                poll.unregister(events)
                deadline = min(deadline, monotonic() + EXIT_SECONDS)
            *lines, pending = (pending + chunk).split(b"\n")
            _tell(lines, on_progress)
        elif exited in ready:
            return True
    return False


def _kill_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _tell(lines: Sequence[bytes], on_progress: Callable[[Progress], None]) -> None:
    """Hand on the events; what is not one is dropped, since progress must not fail a launch."""
    for line in lines:
        try:
            event = decode_json(line, Progress)
        except DecodeError:
            continue
        on_progress(event)


def _judge(
    folder: Path, status: int, timeout_seconds: float, in_time: bool, log_tail: str
) -> WorkerOutput:
    """Return the worker's output, or a reason in one sentence why there is none.

    A result that was written counts, however the process ended: JAX 0.10.2's interpreter can
    crash at exit after a good run.
    """
    try:
        return decode_worker_output((folder / _OUTPUT).read_bytes())
    except FileNotFoundError:
        return WorkerOutput(reason=_describe_end(status, timeout_seconds, in_time, log_tail))
    except RecordError as error:
        return WorkerOutput(reason=str(error))
    except OSError as error:
        return WorkerOutput(reason=f"the worker's result cannot be read: {error.strerror}")


def _describe_end(status: int, timeout_seconds: float, in_time: bool, log_tail: str) -> str:
    if not in_time:
        return f"no result within the timeout of {timeout_seconds:g} s; the worker was killed"
    if status == -signal.SIGKILL:
        return "killed by SIGKILL, possibly out of memory"
    if status < 0:
        return f"killed by {_signal_name(-status)}"
    last = (log_tail.strip().splitlines() or ["its log is empty"])[-1].strip()
    return f"exited with status {status} before it wrote a result: {last}"[:400]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # most of the real-time signals have no name
        return f"signal {number}"


def _never_started(reason: str, started_at: str, started_clock: float) -> LaunchOutcome:
    return LaunchOutcome(
        output=WorkerOutput(reason=reason),
        started_at=started_at,
        started_clock=started_clock,
        wall_seconds=0.0,
        exit_status=None,
        log_tail="",
    )


def _read_tail(log: BinaryIO) -> str:
    """Return the last characters of a log, however long and whatever bytes it holds.

    It is read from the open file: its folder may have been removed while the worker ran.
    """
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - _TAIL_CHARACTERS))
    return log.read().decode("utf-8", errors="replace")
