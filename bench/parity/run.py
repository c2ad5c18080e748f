"""Run the workers of a certificate and read what they computed."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.core.job import Job
from bench.parity.compare import COMPARED_PRECISIONS, Dumps
from bench.parity.messages import DumpError, Precision, Task, WorkerArrays, read_dump
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS
from bench.runner.worker_process import StartError, WorkerProcess
from bench.system.environment import resolve_environment

_COMMAND: Final = ("-P", "-m", "bench.worker.parity")
#: JAX gives float32 for float64 unless it is told otherwise before it starts.
_FLOAT64: Final = {"JAX_ENABLE_X64": "1"}
#: Nothing here is timed: threads that spin while they wait would slow what else the machine does,
#: and two workers of PyTorch side by side crawl.
_UNTIMED: Final = {"OMP_WAIT_POLICY": "PASSIVE"}
#: So many steps make weights worth evaluating, on so many test images.
TRAINED_STEPS: Final = 100
TEST_IMAGES: Final = 512
#: Who trains them, the first that there is: in float64 a step of ConvNeXt took 2.5 s on TensorFlow,
#: 12 s or more on PyTorch and 45 s on JAX, whose convolutions are plain loops then.
TRAINERS: Final = ("tensorflow", "torch", "jax")


class Participant(msgspec.Struct, frozen=True, kw_only=True):
    """One backend of a certificate: its interpreter, what is installed there, and its job."""

    backend: str
    python: str
    versions: dict[str, str]
    job: Job


def task_of(
    entrant: Participant,
    precision: Precision,
    seed: int,
    steps: int,
    path: Path,
    trained: Path | None,
) -> Task:
    """Return the task whose dump goes to `path`; it evaluates the weights in `trained`, if any."""
    return Task(
        job=entrant.job,
        precision=precision,
        seed=seed,
        steps=steps,
        trained_steps=TRAINED_STEPS,
        test_images=TEST_IMAGES,
        dump_path=str(path),
        trained_path="" if trained is None else str(trained),
    )


def run_task(
    task: Task,
    python: str,
    log_path: Path,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    command: Sequence[str] = _COMMAND,
) -> WorkerArrays:
    """Run one worker to its end and return its arrays; DumpError names why there are none."""
    folder = Path(task.dump_path).parent
    path = Path(task.dump_path).with_suffix(".task.json")
    path.write_bytes(msgspec.json.encode(task))
    wide = _FLOAT64 if task.precision == "float64" else {}
    environment = resolve_environment(task.job.cell, {**_UNTIMED, **os.environ, **wide})
    with log_path.open("ab") as log:
        line = [python, *command, str(path)]
        worker = WorkerProcess(line, environment.for_launch(folder), log)
        try:
            with worker:
                in_time = worker.wait(timeout_seconds)
        except StartError as error:
            raise DumpError(str(error).removesuffix(".")) from error
    if not in_time:
        raise DumpError(f"it did not end within {timeout_seconds:g} s")
    return read_dump(Path(task.dump_path))


def run_tasks(
    entrants: Sequence[Participant],
    seed: int,
    steps: int,
    log_folder: Path,
    folder: Path,
    tell: Callable[[str, Precision], None] = lambda backend, precision: None,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    command: Sequence[str] = _COMMAND,
) -> tuple[Dumps, dict[str, str]]:
    """Return the dumps of all backends in both precisions, and why a backend has none.

    They lie in `folder` as BACKEND-PRECISION.npz. The first one, in the order of TRAINERS,
    trains in float64 what all of them evaluate.
    """
    dumps: dict[tuple[str, Precision], WorkerArrays] = {}
    failures: dict[str, str] = {}
    trained: Path | None = None
    in_order = sorted(entrants, key=lambda entrant: TRAINERS.index(entrant.backend))
    for precision in reversed(COMPARED_PRECISIONS):
        for entrant in in_order:
            if entrant.backend in failures:
                continue
            tell(entrant.backend, precision)
            name = f"{entrant.backend}-{precision}"
            path = folder / f"{name}.npz"
            task = task_of(entrant, precision, seed, steps, path, trained)
            try:
                log_path = log_folder / f"{name}.log"
                dumps[entrant.backend, precision] = run_task(
                    task, entrant.python, log_path, timeout_seconds, command
                )
            except DumpError as error:
                failures[entrant.backend] = str(error)
                continue
            trained = trained or path
    return dumps, failures
