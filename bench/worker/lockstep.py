"""A side of a lock-step pair: it computes a slice whenever the gate hands it the turn."""

import os
import platform
import sys
import traceback
from importlib import metadata
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import numpy as np

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
from bench.worker.phases import Phases
from data.dataset import open_dataset
from data.named_arrays import length, take


def find_identity(side: SideJob) -> Identity:
    """Return this process's own values of all that the side's identity names.

    The source is hashed where it was imported from, after the model was built, together with the
    recipe of the job that compiled it.
    """
    wanted = side.identity
    package = sys.modules.get("models")
    folder = Path(str(package.__path__[0])).parent if package else Path(side.job.source)
    return Identity(
        python=sys.executable,
        versions={name: _version(name) for name in wanted.versions},
        workload_source=source_sha256(side.job.builder, side.job, folder),
        variables={name: os.environ.get(name, "") for name in wanted.variables},
        work=wanted.work,
    )


def _version(name: str) -> str:
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


#: The first one compiles, the last one is timed.
_WARM_EPOCHS = 3
_WARM_STEPS = 10
#: Steps of an epoch that are no part of its slice.
_UNTIMED_STEPS = 2
#: No side trains so long: it is killed.
_ENDLESS = 10**9


class GateGoneError(Exception):
    """The gate has closed the baton's pipe: there will be no more turns."""


class GateChannel:
    """Our ends of the two pipes to the gate."""

    def __init__(self, side: SideJob) -> None:
        """Read turns from `side.requests_fd`, speak on the job's `events_fd`."""
        self._turns = os.fdopen(side.requests_fd, "rb", buffering=0)
        self._events_fd = side.job.events_fd

    def wait(self) -> bytes:
        """Block in the kernel until the gate says something; GateGoneError when it has gone."""
        line = self._turns.readline()
        if not line:
            raise GateGoneError
        return line

    def send(self, said: Message) -> None:
        """Tell the gate."""
        if self._events_fd is not None:
            os.write(self._events_fd, msgspec.json.encode(said) + b"\n")


def _train(side: SideJob, baton: GateChannel, backend: Backend) -> None:
    """Build, compile in our first turn, then train a slice per turn until the gate is gone.

    Two sides that trained side by side, even to get warm, would slow each other down: PyTorch
    took 11 instead of 1 s for it on two cores.
    """
    # These modules import Keras; all of them before a user's file, which may have a `data` too.
    from bench.worker.build import build_model
    from bench.worker.callbacks import SliceTimer
    from bench.worker.input_pipeline import input_shapes, make_examples, make_feed
    from bench.worker.resolved_settings import resolved_settings

    dataset = open_dataset(Path(side.job.dataset_folder))
    job, classes = side.job, dataset.manifest.classes
    model = build_model(job, input_shapes(job.target, dataset.x_train), classes)
    baton.send(Ready())

    def feed_of(steps: int) -> Any:
        """Return what `fit` trains so many full batches of, the data again and again."""
        rows = np.arange(steps * job.cell.batch_size) % length(dataset.y_train)
        parts = take(dataset.x_train, rows), take(dataset.y_train, rows)
        return make_feed(job.cell, *make_examples(model, job.target, *parts, classes))

    baton.wait()
    warm, clock = feed_of(_WARM_STEPS + _UNTIMED_STEPS), SliceTimer()
    model.fit(**warm.arguments, epochs=_WARM_EPOCHS, callbacks=[clock], verbose=0)
    identity = find_identity(side)
    settings = resolved_settings(model, warm, backend, job.target)
    step_seconds = clock.wall_seconds / _WARM_STEPS
    baton.send(WarmedUp(identity=identity, settings=settings, step_seconds=step_seconds))

    steps = msgspec.json.decode(baton.wait(), type=StartSlices).steps
    feed = feed_of(round(steps * identity.work) + _UNTIMED_STEPS)
    clock = SliceTimer(wait=baton.wait, tell=lambda clock: baton.send(_slice(clock, steps)))
    model.fit(**feed.arguments, epochs=_ENDLESS, callbacks=[clock], verbose=0)


def _slice(clock: Any, steps: int) -> Slice:
    return Slice(
        steps=steps,
        wall_seconds=clock.wall_seconds,
        cpu_seconds=clock.cpu_seconds,
        idle_seconds=clock.idle_seconds,
        idle_cpu_seconds=clock.idle_cpu_seconds,
    )


def _main(path: str) -> None:
    """Train the side in `path`; what fails is told to the gate in one sentence."""
    die_with_parent()
    side = msgspec.json.decode(Path(path).read_bytes(), type=SideJob)
    baton = GateChannel(side)
    try:
        _train(side, baton, import_backend(side.job, Phases(perf_counter())))
    except GateGoneError:
        return
    except Exception as error:  # whatever user code or a framework raises is this side's failure
        traceback.print_exc()
        baton.send(Failed(reason=one_sentence(error)))


if __name__ == "__main__":
    _main(sys.argv[1])
