"""One side of a lock-step pair: it computes one slice in each of its turns."""

import os
import platform
import sys
import traceback
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from bench.core.source_hash import source_sha256
from bench.regression.messages import (
    Failed,
    Identity,
    Message,
    Ready,
    SideJob,
    Slice,
    StartSlices,
    WarmedUp,
)
from bench.worker.backend import Backend, import_backend
from bench.worker.entry import die_with_parent, one_sentence
from bench.worker.process_info import Phases


def find_identity(side: SideJob) -> Identity:
    """Return the actual values in this process of everything in the side's identity.

    The source is hashed in the folder from which it was imported, after the model was built,
    together with the recipe of the job that compiled it.
    """
    expected = side.identity
    package = sys.modules.get("models")
    folder = Path(str(package.__path__[0])).parent if package else Path(side.job.source)
    return Identity(
        python=sys.executable,
        versions={name: _version(name) for name in expected.versions},
        workload_source=source_sha256(side.job.builder, side.job, folder),
        variables={name: os.environ.get(name, "") for name in expected.variables},
        work=expected.work,
    )


def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


#: The first warm-up epoch compiles, the last one is timed.
_WARM_EPOCHS = 3
_WARM_STEPS = 10
#: Executions of an epoch outside its timed slice: the first one and the last one.
_UNTIMED_EXECUTIONS = 2
#: More epochs than any side trains, because each is killed at the end.
_ENDLESS = 10**9


class GateGoneError(Exception):
    """The gate has closed the pipe of the turns; no more will follow."""


class GateChannel:
    """This side's ends of the two pipes to the gate."""

    def __init__(self, side: SideJob) -> None:
        """Read turns from `side.requests_fd` and write messages to the job's `events_fd`."""
        self._turns = os.fdopen(side.requests_fd, "rb", buffering=0)
        self._events_fd = side.job.events_fd

    def wait(self) -> bytes:
        """Block until the gate writes a line and return it; GateGoneError if the pipe is closed."""
        line = self._turns.readline()
        if not line:
            raise GateGoneError
        return line

    def send(self, message: Message) -> None:
        """Send a message to the gate."""
        if self._events_fd is not None:
            os.write(self._events_fd, msgspec.json.encode(message) + b"\n")


def _train(side: SideJob, gate: GateChannel, backend: Backend) -> None:
    """Build the model, compile in the first turn, then train a slice per turn until the gate ends.

    Both sides never train at the same time, not even to warm up, because they would slow each other
    down: on two cores, the warm-up of PyTorch took 11 s instead of 1 s.
    """
    # These modules import Keras. All are imported before a user's file, which may have its own
    # module `data`.
    from bench.worker.callbacks import SliceTimer
    from bench.worker.input_pipeline import make_feed
    from bench.worker.loaded_workload import LoadedWorkload
    from bench.worker.resolved_settings import resolved_settings
    from bench.worker.split import check_feed, repeated

    job, workload = side.job, LoadedWorkload(side.job)
    model = workload.build()
    gate.send(Ready())

    together = int(model.steps_per_execution)

    def feed_of(steps: int) -> Any:
        """Return the input of epochs that time `steps` steps, with the data repeated as needed."""
        rows = (steps + _UNTIMED_EXECUTIONS * together) * workload.cell.known_batch_size
        check_feed(workload.training, rows)
        return make_feed(workload.cell, workload.examples(model, repeated(workload.training, rows)))

    gate.wait()
    warm, timer = feed_of(-(-_WARM_STEPS // together) * together), SliceTimer()
    others = workload.step_arguments
    model.fit(**warm.arguments, **others, epochs=_WARM_EPOCHS, callbacks=[timer], verbose=0)
    identity = find_identity(side)
    settings = resolved_settings(model, warm, backend, job.target)
    step_seconds = timer.wall_seconds / max(timer.steps, 1)
    gate.send(WarmedUp(identity=identity, settings=settings, step_seconds=step_seconds))

    steps = msgspec.json.decode(gate.wait(), type=StartSlices).steps
    feed = feed_of(round(steps * identity.work))
    timer = SliceTimer(wait=gate.wait, report=lambda timer: gate.send(_slice(timer, steps)))
    model.fit(**feed.arguments, **others, epochs=_ENDLESS, callbacks=[timer], verbose=0)


def _slice(timer: Any, steps: int) -> Slice:
    return Slice(
        steps=steps,
        wall_seconds=timer.wall_seconds,
        cpu_seconds=timer.cpu_seconds,
        idle_seconds=timer.idle_seconds,
        idle_cpu_seconds=timer.idle_cpu_seconds,
    )


def _main(path: str) -> None:
    """Train the side in `path`; an error is sent to the gate in one sentence."""
    die_with_parent()
    side = msgspec.json.decode(Path(path).read_bytes(), type=SideJob)
    gate = GateChannel(side)
    try:
        _train(side, gate, import_backend(side.job, Phases(perf_counter())))
    except GateGoneError:
        return
    except Exception as error:  # any error of user code or of a framework fails this side
        traceback.print_exc()
        gate.send(Failed(reason=one_sentence(error)))


if __name__ == "__main__":
    _main(sys.argv[1])
