"""A pair of measurements: one plain, one through the harness."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.core.cell import Cell
from bench.core.job import Job
from bench.core.workload import job_of
from bench.runner.dataset import prepare_dataset
from bench.runner.launch import WORKER_COMMAND, LaunchOutcome, launch
from bench.system.environment import resolve_environment
from bench.system.interpreter import Interpreter

CostKind = Literal["callbacks", "launch"]

PLAIN_FIRST: Final = "plain first"
HARNESS_FIRST: Final = "harness first"


class CostPair(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements, one directly after the other; `pair` counts them from 0.

    A pair of kind `callbacks` is two epochs in one process, with validation; one of kind `launch`
    is two processes from start to exit. `train_images` is the size of an epoch.
    `parent_cpu_seconds` is the user and system time of the harness's own process during its launch;
    None for callbacks.
    """

    backend: str
    kind: CostKind
    pair: int
    order: str
    train_images: int
    seconds_plain: float
    seconds_harness: float
    parent_cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse durations that are not above 0 s."""
        if not all(0 < s < float("inf") for s in (self.seconds_plain, self.seconds_harness)):
            raise ValueError(f"pair {self.pair} of {self.backend} has a duration not above 0 s")


def order_of(pair: int) -> str:
    """Return the order of a pair: A B, B A, A B, …, so that drift affects both sides equally."""
    return PLAIN_FIRST if pair % 2 == 0 else HARNESS_FIRST


WORKLOAD: Final = "lab_baseline"
BATCH_SIZE: Final = 64
#: Far longer than any process of a part takes, so that only a hang reaches it.
_TIMEOUT_SECONDS: Final = 3600.0


class OverheadError(Exception):
    """A timed process did not complete its work."""


class CostPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part: `number` pairs of one kind, measured with `interpreter`; logs go to `folder`."""

    interpreter: Interpreter
    kind: CostKind
    number: int
    folder: Path

    @property
    def name(self) -> str:
        """Return the part's readable name, which is also the name of its log."""
        return f"{self.interpreter.backend}-{self.kind}"

    def job(self, dataset: str, epochs: int) -> Job:
        """Prepare `dataset` and return the job of the lab's baseline on it."""
        cell = Cell(
            workload=WORKLOAD,
            dataset=dataset,
            backend=self.interpreter.backend,
            batch_size=BATCH_SIZE,
            epochs=epochs,
        )
        return job_of(cell, prepare_dataset(dataset))

    def start(
        self, job: Job, tick: Callable[[], None], command: Sequence[str] = WORKER_COMMAND
    ) -> LaunchOutcome:
        """Run `command` in the environment of a worker to its end; each epoch calls `tick`."""
        return launch(
            job,
            self.interpreter.python,
            environment=resolve_environment(job.cell, os.environ),
            log_path=self.folder / f"{self.name}.log",
            timeout_seconds=_TIMEOUT_SECONDS,
            on_progress=lambda _: tick(),
            command=command,
        )
