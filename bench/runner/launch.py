"""The parent side of one launch: start a worker, wait until it ends, return its outcome."""

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

#: A worker closes its event pipe once its output is written. It then has this long to exit.
EXIT_SECONDS: Final = 60.0

_TAIL_BYTES: Final = 4_000


class LaunchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one launch ended: the worker's output, and the facts that only the parent can observe.

    `exit_status` is negative for a signal. `wall_seconds` runs from the start to the exit of the
    process; `started_clock` is the machine's monotonic clock at the start.
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

    The worker and all its descendants are killed when it ends, after `timeout_seconds`, and when
    this call is interrupted (see WorkerProcess). A missing resource of the machine (an interpreter,
    disk space for the log, a file descriptor) becomes the reason in the outcome, not an exception.
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
        reason = f"the launch failed: {error.strerror}{place}"
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
            output=_read_output(output_path, worker.exit_status, timeout_seconds, in_time, tail),
            started_at=started_at,
            started_clock=start,
            wall_seconds=worker.ended_clock - start,
            exit_status=worker.exit_status,
            log_tail=tail,
        )


def _watch(worker: WorkerProcess, deadline: float, on_progress: Callable[[Progress], None]) -> bool:
    """Forward events until the worker ends; return False if the deadline comes first."""
    pending = b""
    while isinstance(received := worker.listen(deadline), bytes):
        if not received:
            deadline = min(deadline, monotonic() + EXIT_SECONDS)
        *lines, pending = (pending + received).split(b"\n")
        _forward(lines, on_progress)
    return received is Silence.ENDED


def _forward(lines: Sequence[bytes], on_progress: Callable[[Progress], None]) -> None:
    """Forward the events; other lines are dropped, because progress must not fail a launch."""
    for line in lines:
        try:
            event = decode_json(line, Progress)
        except DecodeError:
            continue
        on_progress(event)


def _read_output(
    output_path: Path, status: int, timeout_seconds: float, in_time: bool, log_tail: str
) -> WorkerOutput:
    """Return the worker's output, or an output with the reason for its absence in one sentence.

    A written result counts however the process ended, because a JAX 0.10.2 process can crash at
    exit after a successful run.
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
    except ValueError:  # most real-time signals have no name
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


def read_tail(log: BinaryIO, max_bytes: int = _TAIL_BYTES) -> str:
    """Return the end of a log as text, whatever its length and its bytes.

    The open file is read, because its folder may have been removed while the worker ran.
    """
    log.seek(0, os.SEEK_END)
    log.seek(max(0, log.tell() - max_bytes))
    return log.read().decode("utf-8", errors="replace")
