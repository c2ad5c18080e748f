"""`python -m bench.worker JOB.json`: train one cell once and write what came out."""

import ctypes
import os
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from bench.job import Job
from bench.record import WorkerOutput
from bench.worker.train import run_job

_PR_SET_PDEATHSIG = 1


def main(job_path: str) -> int:
    """Run the job in `job_path`; return 0 when it gave a result, 1 when it gave a reason."""
    _die_with_parent()
    job = msgspec.json.decode(Path(job_path).read_bytes(), type=Job)
    try:
        output = WorkerOutput(result=run_job(job))
    except Exception as error:  # whatever user code or a framework raises is this cell's failure
        traceback.print_exc()
        output = WorkerOutput(reason=_one_sentence(error))
    _write_atomically(Path(job.output_path), msgspec.json.encode(output))
    if job.events_fd is not None:
        os.close(job.events_fd)  # tells the parent that all that is left is to exit
    return 0 if output.result else 1


def _die_with_parent() -> None:
    """Ask Linux to kill this process when the harness dies, so that no orphan trains on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _one_sentence(error: Exception) -> str:
    """Return the error's class and the first line of its message, at most 400 characters."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"[:400]


def _write_atomically(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
