"""The parent side of one launch: start a worker, block until it ends, say how it ended."""

import os
import signal
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter
from typing import BinaryIO, Final

import msgspec

from bench.core.job import Job, Progress
from bench.core.record import RecordError, decode_worker_output
from bench.core.result import WorkerOutput
from bench.core.serialization import DecodeError, decode_json
from bench.runner.worker_process import Silence, StartError, WorkerProcess, open_pipe
from bench.system.environment import CellEnvironment

#: How a worker is started; `-P` keeps modules of the current folder from shadowing ours.
WORKER_COMMAND: Final = ("-P", "-m", "bench.worker")

#: A worker closes its events when its output is written; it gets this long to exit after that.
EXIT_SECONDS: Final = 60.0

_TAIL_BYTES: Final = 4_000


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
    environment: CellEnvironment,
    log_path: Path,
    timeout_seconds: float,
    on_progress: Callable[[Progress], None] = lambda _: None,
    command: Sequence[str] = WORKER_COMMAND,
) -> LaunchOutcome:
    """Run the job in a fresh process of `python` and return how it ended.

    The worker is killed with all that it started when it ends, when `timeout_seconds` have passed
    and when this call is interrupted (see WorkerProcess). A machine that lacks what a launch needs
    (an interpreter, room for a log, a descriptor) is a reason of the outcome too.
    """
    started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    start = perf_counter()
    line = [python, *command]
    try:
        return _launch(job, line, environment, log_path, timeout_seconds, on_progress, started_at)
    except StartError as error:
        return _never_started(str(error), started_at, start)
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        reason = f"the launch broke off: {error.strerror}{place}"
        return _never_started(reason, started_at, start)


def _launch(
    job: Job,
    command: Sequence[str],
    environment: CellEnvironment,
    log_path: Path,
    timeout_seconds: float,
    on_progress: Callable[[Progress], None],
    started_at: str,
) -> LaunchOutcome:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    events, writer = open_pipe()
    with (
        events,
        writer,
        tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch,
        log_path.open("w+b") as log,
    ):
        folder = Path(scratch)
        job_path, output_path = folder / "job.json", folder / "output.json"
        line = [*command, str(job_path)]
        variables = environment.for_launch(folder)
        worker = WorkerProcess(line, variables, log, events=events, handed=[writer])
        start = perf_counter()
        job = msgspec.structs.replace(job, output_path=str(output_path), events_fd=writer.fileno())
        job_path.write_bytes(msgspec.json.encode(job))
        with worker:
            in_time = _watch(worker, monotonic() + timeout_seconds, on_progress)
        tail = read_tail(log)
        return LaunchOutcome(
            output=_judge(output_path, worker.exit_status, timeout_seconds, in_time, tail),
            started_at=started_at,
            started_clock=start,
            wall_seconds=worker.ended_clock - start,
            exit_status=worker.exit_status,
            log_tail=tail,
        )


def _watch(worker: WorkerProcess, deadline: float, on_progress: Callable[[Progress], None]) -> bool:
    """Hand on events until the worker has ended; False when the deadline comes first."""
    pending = b""
    while isinstance(heard := worker.listen(deadline), bytes):
        if not heard:
            deadline = min(deadline, monotonic() + EXIT_SECONDS)
        *lines, pending = (pending + heard).split(b"\n")
        _tell(lines, on_progress)
    return heard is Silence.ENDED


def _tell(lines: Sequence[bytes], on_progress: Callable[[Progress], None]) -> None:
    """Hand on the events; what is not one is dropped, since progress must not fail a launch."""
    for line in lines:
        try:
            event = decode_json(line, Progress)
        except DecodeError:
            continue
        on_progress(event)


def _judge(
    output_path: Path, status: int, timeout_seconds: float, in_time: bool, log_tail: str
) -> WorkerOutput:
    """Return the worker's output, or a reason in one sentence why there is none.

    A result that was written counts, however the process ended: JAX 0.10.2's interpreter can
    crash at exit after a good run.
    """
    try:
        return decode_worker_output(output_path.read_bytes())
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


def read_tail(log: BinaryIO, most_bytes: int = _TAIL_BYTES) -> str:
    """Return the end of a log as text, however long it is and whatever bytes it holds.

    It is read from the open file: its folder may have been removed while the worker ran.
    """
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - most_bytes))
    return log.read().decode("utf-8", errors="replace")
