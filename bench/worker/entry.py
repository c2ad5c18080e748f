"""The worker as a process: read the job, run it, write what came out."""

import ctypes
import os
import re
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from bench.core.atomic_file import replacing
from bench.core.job import Job
from bench.core.result import Result, WorkerOutput
from bench.worker.backend import import_backend
from bench.worker.phases import Phases
from bench.worker.unsupported import refusal

_PR_SET_PDEATHSIG = 1

#: Keras sets parts of its messages in bold.
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
#: A first line that says where, and leaves what to a later one.
_WHERE = re.compile(r":$|^Exception encountered when calling ")


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
    with replacing(Path(job.output_path)) as temporary:
        temporary.write_bytes(msgspec.json.encode(output))
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
    """Return the error's class and `line` or what its message says, at most 400 characters.

    That is the first line; behind one that only tells where an error was met, as those of Keras
    around a layer's call and of TensorFlow around a graph do, it is the cause too.
    """
    return f"{type(error).__name__}: {line or _said(str(error))}"[:400]


def _said(message: str) -> str:
    lines = [line.strip() for line in _STYLE.sub("", message).splitlines() if line.strip()]
    if not lines:
        return "no message"
    end = next((n for n, each in enumerate(lines) if each.startswith("Arguments received")), None)
    causes = [each for each in lines[1:end] if not each.startswith("[[")]
    return f"{lines[0]} {causes[-1]}" if causes and _WHERE.search(lines[0]) else lines[0]
