"""The worker as a process: read the job, run it, write its result."""

import ctypes
import os
import re
import signal
import sys
import traceback
from pathlib import Path

import msgspec

from bench.core.atomic_file import replacing
from bench.core.cell import is_script
from bench.core.job import Job
from bench.core.result import Result, WorkerOutput
from bench.core.script import parse_script
from bench.worker.backend import import_backend
from bench.worker.process_info import Phases
from bench.worker.script_place import error_place
from bench.worker.script_process import ForkedEnd, ScriptError
from bench.worker.unsupported import unsupported_reason

_PR_SET_PDEATHSIG = 1

#: The escape sequences of bold text, which Keras uses in its messages.
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
#: A first line that names only the place of an error; the cause is in a later line.
_WHERE = re.compile(r":$|^Exception encountered when calling ")


def run(job_path: str, entered_at: float) -> int:
    """Run the job in `job_path`; return 0 with a result, or 1 with the reason of a failure.

    `entered_at` is the clock reading at the first line of this process.
    """
    phases = Phases(entered_at)
    die_with_parent()
    job = msgspec.json.decode(Path(job_path).read_bytes(), type=Job)
    try:
        output = WorkerOutput(result=_train(job, phases))
    except ForkedEnd as end:  # a copy of this process, made by a script, that reached its end
        return end.status
    except Exception as error:  # any error of user code or of a framework fails this cell
        traceback.print_exc()
        unsupported = unsupported_reason(error)
        reason = _place(job, error) + one_sentence(error, unsupported)
        output = WorkerOutput(reason=reason, unsupported=unsupported is not None)
    with replacing(Path(job.output_path)) as temporary:
        temporary.write_bytes(msgspec.json.encode(output))
    if job.events_fd is not None:
        os.close(job.events_fd)  # signals to the parent that only the exit remains
    return 0 if output.result else 1


def _train(job: Job, phases: Phases) -> Result:
    backend = import_backend(job, phases)
    if is_script(job.cell.workload):
        from bench.worker.script import run_script  # these import Keras, whose import is timed

        return run_script(job, backend, phases)
    from bench.worker.train import train

    return train(job, backend, phases)


def _place(job: Job, error: Exception) -> str:
    """Return `train.py, line 12: ` for an error in a script, and nothing otherwise."""
    if not is_script(job.cell.workload) or isinstance(error, ScriptError):
        return ""
    return f"{error_place(error, parse_script(job.builder).path)}: "


def die_with_parent() -> None:
    """Ask Linux to kill this process when the harness dies, so that no orphan keeps training."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def one_sentence(error: Exception, line: str | None = None) -> str:
    """Return the error's class and `line`, or a summary of its message; at most 400 characters.

    The summary is the first line of the message. If that names only the place of the error, as
    those of Keras about a layer's call and of TensorFlow about a graph do, the cause follows. Notes
    that were added to the error stand at the end, without JAX's own about its traceback.
    """
    added = [note for note in getattr(error, "__notes__", ()) if not note.startswith("-----")]
    notes = "".join(f" {note}" for note in added)[:300]
    summary = f"{type(error).__name__}: {line or _summary(str(error))}"
    return f"{summary[: 400 - len(notes)]}{notes}"


def _summary(message: str) -> str:
    lines = [line.strip() for line in _STYLE.sub("", message).splitlines() if line.strip()]
    if not lines:
        return "no message"
    end = next((n for n, each in enumerate(lines) if each.startswith("Arguments received")), None)
    causes = [each for each in lines[1:end] if not each.startswith("[[")]
    return f"{lines[0]} {causes[-1]}" if causes and _WHERE.search(lines[0]) else lines[0]
