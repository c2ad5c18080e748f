"""The worker as a process: read the job, run it, write what came out."""

import ctypes
import os
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from bench.job import Job
from bench.record import Result, WorkerOutput
from bench.worker.backend import import_backend
from bench.worker.phases import Phases
from bench.worker.refusal import refusal

_PR_SET_PDEATHSIG = 1


def run(job_path: str, entered_at: float) -> int:
    """Run the job in `job_path`; return 0 when it gave a result, 1 when it gave a reason.

    `entered_at` is the clock reading at the first line of this process.
    """
    phases = Phases(entered_at)
    die_with_parent()
    job = msgspec.json.decode(Path(job_path).read_bytes(), type=Job)
    try:
        output = WorkerOutput(result=_train(job, phases))
    except Exception as error:  # whatever user code or a framework raises is this cell's failure
        traceback.print_exc()
        refused = refusal(error)
        output = WorkerOutput(reason=one_sentence(error, refused), unsupported=refused is not None)
    _write_atomically(Path(job.output_path), msgspec.json.encode(output))
    if job.events_fd is not None:
        os.close(job.events_fd)  # tells the parent that all that is left is to exit
    return 0 if output.result else 1


def _train(job: Job, phases: Phases) -> Result:
    backend = import_backend(job, phases)
    from bench.worker.train import train  # these modules import Keras, which is timed before

    return train(job, backend, phases)


def die_with_parent() -> None:
    """Ask Linux to kill this process when the harness dies, so that no orphan trains on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def one_sentence(error: Exception, line: str | None = None) -> str:
    """Return the error's class and `line` or the first of its message, at most 400 characters."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {line or lines[0]}"[:400]


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
