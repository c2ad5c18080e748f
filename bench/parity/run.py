"""Run the workers of a certificate and read their arrays."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.core.job import Job
from bench.parity.compare import COMPARED_PRECISIONS, BackendArrays
from bench.parity.messages import (
    Precision,
    Task,
    WorkerArrays,
    WorkerArraysError,
    read_worker_arrays,
)
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS
from bench.runner.worker_process import StartError, WorkerProcess
from bench.system.environment import resolve_environment

_COMMAND: Final = ("-P", "-m", "bench.worker.parity")
#: JAX replaces float64 by float32 unless this variable is set before it starts.
_FLOAT64: Final = {"JAX_ENABLE_X64": "1"}
#: Nothing is timed here. Threads that spin while they wait would slow other work on the machine,
#: and two PyTorch workers at the same time become very slow.
_UNTIMED: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
#: Steps of training before the weights are evaluated, and the number of evaluated test images.
TRAINED_STEPS: Final = 100
TEST_IMAGES: Final = 512
#: The first available backend of this list trains these weights. In float64 a step of ConvNeXt
#: took 2.5 s on TensorFlow, 12 s or more on PyTorch and 45 s on JAX, whose float64 convolutions are
#: plain loops.
TRAINERS: Final = ("tensorflow", "torch", "jax")


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """One backend of a certificate: its interpreter, the installed versions and its job."""

    backend: str
    python: str
    versions: dict[str, str]
    job: Job


def make_task(
    participant: Participant,
    precision: Precision,
    seed: int,
    steps: int,
    path: Path,
    trained: Path | None,
) -> Task:
    """Return the task that writes to `path` and evaluates the weights in `trained`, if any."""
    return Task(
        job=participant.job,
        precision=precision,
        seed=seed,
        steps=steps,
        trained_steps=TRAINED_STEPS,
        test_images=TEST_IMAGES,
        arrays_path=str(path),
        trained_path="" if trained is None else str(trained),
    )


def run_task(
    task: Task,
    python: str,
    log_path: Path,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    command: Sequence[str] = _COMMAND,
) -> WorkerArrays:
    """Run one worker to its end and return its arrays; raises WorkerArraysError without them."""
    folder = Path(task.arrays_path).parent
    path = Path(task.arrays_path).with_suffix(".task.json")
    path.write_bytes(msgspec.json.encode(task))
    float64 = _FLOAT64 if task.precision == "float64" else {}
    environment = resolve_environment(task.job.cell, {**_UNTIMED, **os.environ, **float64})
    with log_path.open("ab") as log:
        line = [python, *command, str(path)]
        worker = WorkerProcess(line, environment.for_launch(folder), log)
        try:
            with worker:
                in_time = worker.wait(timeout_seconds)
        except StartError as error:
            raise WorkerArraysError(str(error).removesuffix(".")) from error
    if not in_time:
        raise WorkerArraysError(f"it did not end within {timeout_seconds:g} s")
    return read_worker_arrays(Path(task.arrays_path))


def run_tasks(
    participants: Sequence[Participant],
    seed: int,
    steps: int,
    log_folder: Path,
    folder: Path,
    announce: Callable[[str, Precision], None] = lambda backend, precision: None,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    command: Sequence[str] = _COMMAND,
) -> tuple[BackendArrays, dict[str, str]]:
    """Return the arrays of all backends in both precisions, and the reasons of failed backends.

    The files in `folder` are BACKEND-PRECISION.npz. The first backend, in the order of TRAINERS,
    trains in float64 the weights that all of them evaluate. `announce` is called with backend and
    precision before each worker starts.
    """
    arrays: dict[tuple[str, Precision], WorkerArrays] = {}
    failures: dict[str, str] = {}
    trained: Path | None = None
    in_order = sorted(participants, key=lambda each: TRAINERS.index(each.backend))
    for precision in reversed(COMPARED_PRECISIONS):
        for participant in in_order:
            backend = participant.backend
            if backend in failures:
                continue
            announce(backend, precision)
            name = f"{backend}-{precision}"
            path = folder / f"{name}.npz"
            task = make_task(participant, precision, seed, steps, path, trained)
            try:
                log_path = log_folder / f"{name}.log"
                arrays[backend, precision] = run_task(
                    task, participant.python, log_path, timeout_seconds, command
                )
            except WorkerArraysError as error:
                failures[backend] = str(error)
                continue
            trained = trained or path
    return arrays, failures
