"""Run the processes of a measurement: in rounds of alternating order, each a fresh process."""

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
from bench.profiling.samples import ProcessSamples, add_visit
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
    """One process to be started: an entrant with its round and its place in it."""

    entrant: ProfiledWorkload
    round: int
    position: int

    @property
    def name(self) -> str:
        """The turn's readable name."""
        cell = self.entrant.job.cell
        return f"{cell.workload} on {cell.backend}, round {self.round + 1}"


def make_turns(entrants: Sequence[ProfiledWorkload], rounds: int) -> list[ScheduledProcess]:
    """Return the turns of all rounds, workload after workload: A B C, C B A, and so on."""
    workloads = dict.fromkeys(entrant.job.cell.workload for entrant in entrants)
    return [
        ScheduledProcess(entrant=entrant, round=number, position=position)
        for workload in workloads
        for number in range(rounds)
        for position, entrant in enumerate(_order(entrants, workload, number))
    ]


def _order(
    entrants: Sequence[ProfiledWorkload], workload: str, number: int
) -> Sequence[ProfiledWorkload]:
    own = [entrant for entrant in entrants if entrant.job.cell.workload == workload]
    return own if number % 2 == 0 else own[::-1]


def measure_layers(
    turns: Sequence[ScheduledProcess], folder: Path, timeout_seconds: float, console: Console
) -> Iterator[ProcessSamples]:
    """Yield what came out of each turn; its raw rows are in `folder` by then.

    A process that fails never stops the others. StoreError when `folder` cannot be written.
    """
    try:
        (folder / "logs").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    with LayersProgress(console, [turn.name for turn in turns]) as progress:
        for number, turn in enumerate(turns):
            progress.begin()
            log_path = folder / "logs" / f"{number:03}-{turn.entrant.job.cell.backend}.log"
            visit = _visit(turn, log_path, timeout_seconds)
            add_visit(folder, visit)
            progress.end(visit.reason)
            yield visit


def _visit(turn: ScheduledProcess, log_path: Path, timeout_seconds: float) -> ProcessSamples:
    cell, interpreter = turn.entrant.job.cell, turn.entrant.interpreter
    measured = _measured(turn.entrant, log_path, timeout_seconds)
    return ProcessSamples(
        workload=cell.workload,
        dataset=cell.dataset,
        batch_size=cell.batch_size,
        backend=cell.backend,
        round=turn.round,
        position=turn.position,
        timings=measured.timings,
        settings=measured.settings,
        reason=measured.reason,
        versions=interpreter.versions,
        machine=machine_facts(),
        commit=git_facts().commit,
    )


def _measured(entrant: ProfiledWorkload, log_path: Path, timeout_seconds: float) -> ProfileReport:
    """Run one worker to its end and return what it wrote, or why it wrote nothing usable."""
    with tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch:
        path = Path(scratch) / "measured.json"
        outcome = launch(
            entrant.job,
            entrant.interpreter.python,
            environment=resolve_environment(entrant.job.cell, os.environ),
            log_path=log_path,
            timeout_seconds=timeout_seconds,
            command=(*_COMMAND, str(path)),
        )
        try:
            return decode_json(path.read_bytes(), ProfileReport)
        except FileNotFoundError:
            return ProfileReport(reason=outcome.output.reason or "it wrote nothing")
        except DecodeError as error:
            return ProfileReport(reason=f"what it wrote is unusable: {error}")


class LayersProgress(ProgressLine):
    """Tells of each process's begin and end, with an estimate of what is left."""

    def __init__(self, console: Console, names: Sequence[str]) -> None:
        """Tell on `console` about processes of these names, which run in this order."""
        super().__init__(console, TextColumn("{task.fields[note]}"))
        self._names = names
        self._position = 0
        self._start = self._begin = monotonic()

    def begin(self) -> None:
        """Tell that the next process starts, and how long it and all later ones will take.

        Each is taken to last as long as those before it.
        """
        done, self._begin = self._position, monotonic()
        spent = self._begin - self._start
        left = time_left(spent / done * (len(self._names) - done) if done else None)
        self._position += 1
        self._bar.reset(
            self._task, total=len(self._names), description=escape(self._head), note=left
        )
        self._bar.update(self._task, completed=done, refresh=True)
        if not self._console.is_terminal:
            self._print(f"{self._head}: started, {left}")

    def end(self, reason: str | None) -> None:
        """Tell how the process ended: with a `reason`, or well when that is None."""
        how = "timed" if reason is None else f"FAILED: {sanitize_line(reason)},"
        self._print(f"{self._head}: {how} in {monotonic() - self._begin:.1f} s")

    @property
    def _head(self) -> str:
        return f"({self._position}/{len(self._names)}) {self._names[self._position - 1]}"
