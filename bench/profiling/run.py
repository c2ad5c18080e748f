"""Run the processes of a layer profile: a fresh one each time, in rounds of alternating order."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import TextColumn

from bench.core.job import Job
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import sanitize_line
from bench.profiling.messages import ProfileReport
from bench.profiling.samples import ProcessSamples, append_samples
from bench.runner.launch import launch
from bench.runner.progress import ProgressLine, time_left
from bench.storage.store import StoreError
from bench.system.environment import resolve_environment
from bench.system.interpreter import Interpreter
from bench.system.machine import git_facts, machine_facts

_COMMAND: Final = ("-P", "-m", "bench.worker.profile")


class ProfiledWorkload(msgspec.Struct, frozen=True, kw_only=True):
    """A workload on one backend: its interpreter and its job."""

    interpreter: Interpreter
    job: Job


class ScheduledProcess(msgspec.Struct, frozen=True, kw_only=True):
    """One process to be started: a workload on one backend, with its round and position."""

    profiled: ProfiledWorkload
    round: int
    position: int

    @property
    def name(self) -> str:
        """The readable name of the process."""
        cell = self.profiled.job.cell
        return f"{cell.workload} on {cell.backend}, round {self.round + 1}"


def schedule_processes(profiled: Sequence[ProfiledWorkload], rounds: int) -> list[ScheduledProcess]:
    """Return the processes of all rounds, workload after workload: A B C, C B A, and so on."""
    workloads = dict.fromkeys(each.job.cell.workload for each in profiled)
    return [
        ScheduledProcess(profiled=each, round=number, position=position)
        for workload in workloads
        for number in range(rounds)
        for position, each in enumerate(_order(profiled, workload, number))
    ]


def _order(
    profiled: Sequence[ProfiledWorkload], workload: str, number: int
) -> Sequence[ProfiledWorkload]:
    selected = [each for each in profiled if each.job.cell.workload == workload]
    return selected if number % 2 == 0 else selected[::-1]


def measure_layers(
    processes: Sequence[ScheduledProcess], folder: Path, timeout_seconds: float, console: Console
) -> Iterator[ProcessSamples]:
    """Yield the samples of each process after they are appended to the file in `folder`.

    A failing process does not stop the others. StoreError if `folder` cannot be written.
    """
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    with LayersProgress(console, [process.name for process in processes]) as progress:
        for number, process in enumerate(processes):
            progress.begin()
            log_path = folder / "logs" / f"{number:03}-{process.profiled.job.cell.backend}.log"
            samples = _samples(process, log_path, timeout_seconds)
            append_samples(folder, samples)
            progress.end(samples.reason)
            yield samples


def _samples(process: ScheduledProcess, log_path: Path, timeout_seconds: float) -> ProcessSamples:
    cell, interpreter = process.profiled.job.cell, process.profiled.interpreter
    report = _run_worker(process.profiled, log_path, timeout_seconds)
    return ProcessSamples(
        workload=cell.workload,
        dataset=cell.dataset,
        batch_size=cell.known_batch_size,
        backend=cell.backend,
        round=process.round,
        position=process.position,
        timings=report.timings,
        settings=report.settings,
        reason=report.reason,
        versions=interpreter.versions,
        machine=machine_facts(),
        commit=git_facts().commit,
    )


def _run_worker(
    profiled: ProfiledWorkload, log_path: Path, timeout_seconds: float
) -> ProfileReport:
    """Run one worker to its end; return its report, or one with the reason why there is none."""
    with tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch:
        path = Path(scratch) / "measured.json"
        outcome = launch(
            profiled.job,
            profiled.interpreter.python,
            environment=resolve_environment(profiled.job.cell, os.environ),
            log_path=log_path,
            timeout_seconds=timeout_seconds,
            command=(*_COMMAND, str(path)),
        )
        try:
            return decode_json(path.read_bytes(), ProfileReport)
        except FileNotFoundError:
            return ProfileReport(reason=outcome.output.reason or "it wrote nothing")
        except DecodeError as error:
            return ProfileReport(reason=f"its report is unusable: {error}")


class LayersProgress(ProgressLine):
    """Prints the start and end of each process, with an estimate of the time remaining."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        """Print on `console`; the processes with these `names` run in this order."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._position = 0
        self._start = self._begin = monotonic()

    def begin(self) -> None:
        """Print that the next process starts, and the estimated time of it and all later ones.

        The estimate is the average time of the processes so far.
        """
        done, self._begin = self._position, monotonic()
        spent = self._begin - self._start
        remaining = time_left(spent / done * (len(self._names) - done) if done else None)
        self._position += 1
        self._bar.reset(
            self._task, total=len(self._names), description=escape(self._head), note=remaining
        )
        self._bar.update(self._task, completed=done, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{self._head}: started, {remaining}")

    def end(self, reason: str | None) -> None:
        """Print the end of the process: its failure `reason`, or success if that is None."""
        result = "timed" if reason is None else f"FAILED: {sanitize_line(reason)},"
        self._print(f"{self._head}: {result} in {monotonic() - self._begin:.1f} s")

    @property
    def _head(self) -> str:
        return f"({self._position}/{len(self._names)}) {self._names[self._position - 1]}"
