"""Where a fault is injected: a store with earlier records, and the real command line on it."""

import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.core.record import Record
from bench.storage.store import Store
from tests.fault_injection.command import Order
from tests.fault_injection.starter import Command, Starter
from tests.fixtures.fake_python import make_fake_python, make_workload
from tests.fixtures.steps import TINY

T = TypeVar("T")

BACKENDS = ("jax", "tensorflow", "torch")


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, negative for a signal, and all that it printed."""

    code: int
    text: str


class Stage:
    """A folder of its own for one fault."""

    def __init__(self, starter: Starter, folder: Path, template: Path | None = None) -> None:
        """Make the folder, with the store of `template` in it when there is one."""
        self.folder = folder
        self.reports = folder / "reports"
        self.planted: set[Path] = set()
        self._starter = starter
        self.log = folder / "command"
        self.log.mkdir(parents=True)
        if template is not None:
            shutil.copytree(template / "reports", self.reports)
        self.python = make_fake_python(folder)
        self.earlier = {path: path.read_bytes() for path in self.record_paths()}
        kept = {name: text for name, text in os.environ.items() if "KERAS" not in name}
        self.environment = {
            **kept,
            "KERAS_BENCH_REPORTS": str(self.reports),
            "KERAS_BENCH_CACHE": str(folder / "cache"),
            "KERAS_BENCH_LOCK": str(folder / "lock"),
            "KERAS_HOME": str(folder / "keras"),
            "NO_PROXY": "127.0.0.1",
        }

    def record_paths(self) -> list[Path]:
        """Return the files that a reader of the store takes for records."""
        return sorted(self.reports.glob("runs/*/records/*.json"))

    def start(self, *arguments: str, output: int | None = None, **order: Any) -> Command:
        """Start a command, its standard output in a file of its own, or at `output`.

        `order` holds fields of its Order; `variables` are added to its environment, and `log` is
        the folder of its output.
        """
        log = order.pop("log", self.log)
        environment = {**self.environment, **order.pop("variables", {})}
        whole = Order(arguments=arguments, environment=environment, **order)
        return self._starter.start(whole, log, output)

    def call(self, *arguments: str, **order: Any) -> Ended:
        """Return how a command ended."""
        return ended(self.start(*arguments, **order))

    def select(self, *modes: str) -> list[str]:
        """Return options for a tiny cell of jax for each of the `modes` of the fake worker."""
        workloads = [f"--workload={make_workload(self.folder, mode)}" for mode in modes]
        tiny = [f"--dataset={TINY}", "--backend=jax", "--epochs=2", "--batch-size=4"]
        return [*workloads, *tiny, f"--python=jax={self.python}"]

    def run(self, *modes: str, more: tuple[str, ...] = (), **order: Any) -> Ended:
        """Return how `bench run` of these modes ended."""
        return self.call("run", *self.select(*modes), *more, **order)

    def records(self) -> list[Record]:
        """Return the records that are not of earlier runs."""
        runs = {path.parent.parent.name for path in self.earlier}
        return [record for record in self.every_record() if record.run_id not in runs]

    def every_record(self) -> list[Record]:
        """Return all records that can be read, oldest first."""
        return Store(self.reports).load_all()

    def statuses(self) -> list[str]:
        """Return the statuses of the new records, oldest first."""
        return [record.status for record in self.records()]

    def check(self) -> None:
        """All earlier records are what they were, and all records but planted ones are whole."""
        for path, content in self.earlier.items():
            assert path.read_bytes() == content, path
        store = Store(self.reports)
        store.load_all()
        assert all(any(str(p) in text for p in self.planted) for text in store.skipped)

    def neutral(self, text: str) -> str:
        """Return the text without what differs from one call to the next."""
        text = text.replace(str(self.folder), "…")
        text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{4}", "RUN", text)
        text = re.sub(r"~[0-9a-f]{8}", "~…", text)
        text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
        text = re.sub(r"process \d+", "process PID", text)
        text = re.sub(r"\b\d+\.\d s\b", "… s", text)
        return re.sub(r"\b(?=\d*[a-f])[0-9a-f]{12,64}\b", "…", text)


def ended(command: Command) -> Ended:
    """Return how a command ended, when it has."""
    code = command.wait()
    return Ended(code, command.out + command.err)


def wait_for(look: Callable[[], T], command: Command) -> T:
    """Return what `look` finds while the command runs."""
    while command.runs:
        if found := look():
            return found
        os.sched_yield()
    raise AssertionError(command.out + command.err)


def make_template(starter: Starter, folder: Path) -> Path:
    """Return a folder whose store holds records of two runs, made by the real command."""
    stage = Stage(starter, folder)
    backends = [f"--backend={backend}" for backend in BACKENDS]
    pythons = [f"--python={backend}={stage.python}" for backend in BACKENDS]
    done = stage.run("ok", more=(*backends, *pythons))
    assert done.code == 0, done.text
    done = stage.run("crash")
    assert done.code == 1, done.text
    assert len(stage.record_paths()) == 4
    return folder
