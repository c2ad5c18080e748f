"""One part of the measurement: one kind of pairs with one backend's interpreter."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from bench.core.cell import Cell
from bench.core.job import Job
from bench.core.workload import job_of
from bench.runner.worker_process import WORKER_COMMAND, Outcome, launch
from bench.system.interpreter import Interpreter
from data.prepare import prepare
from validation.overhead.pairs import Kind

WORKLOAD: Final = "lab_baseline"
BATCH_SIZE: Final = 64
#: Far longer than any process of a part takes, so that only a hang meets it.
TIMEOUT_SECONDS: Final = 3600.0


class OverheadError(Exception):
    """A process that was to be timed did not do its work."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """`number` pairs of one kind, to be measured with `interpreter`; logs go to `folder`."""

    interpreter: Interpreter
    kind: Kind
    number: int
    folder: Path

    @property
    def name(self) -> str:
        """Return the part's readable name, which is that of its log too."""
        return f"{self.interpreter.backend}-{self.kind}"

    def job(self, dataset: str, epochs: int) -> Job:
        """Return the job of the lab's baseline on `dataset`, which is prepared by then."""
        cell = Cell(
            workload=WORKLOAD,
            dataset=dataset,
            backend=self.interpreter.backend,
            batch_size=BATCH_SIZE,
            epochs=epochs,
        )
        return job_of(cell, prepare(dataset))

    def start(
        self, job: Job, tick: Callable[[], None], command: Sequence[str] = WORKER_COMMAND
    ) -> Outcome:
        """Run `command` in a worker's environment until it ends; `tick` hears of its epochs."""
        return launch(
            job,
            self.interpreter.python,
            log_path=self.folder / f"{self.name}.log",
            timeout_seconds=TIMEOUT_SECONDS,
            on_progress=lambda _: tick(),
            command=command,
        )
