"""Layers from the options of the command line to their tables."""

import argparse
import os
from pathlib import Path
from typing import Final

from bench.cli.console import CommandConsole
from bench.cli.parser import read_pythons
from bench.core.cell import BACKENDS, Cell, CellError
from bench.core.text import sanitize_line
from bench.core.workload import job_of, local_dataset_of, recipe_of, resolve_workload
from bench.profiling.columns import gaps_frame
from bench.profiling.report import Findings, findings_tables, write_findings
from bench.profiling.run import ProfiledWorkload, make_turns, measure_layers
from bench.profiling.samples import LayersError, read_visits
from bench.report.render.format import table_rows
from bench.runner.dataset import prepare_dataset
from bench.storage.store import StoreError, new_run_id
from bench.system.interpreter import Interpreter, find_interpreter
from bench.system.timing_lock import default_lock_path, timing_lock
from data.catalogue import resolve_dataset

DEFAULT_WORKLOAD: Final = "lab_baseline"


def time_layers(arguments: argparse.Namespace, output: CommandConsole) -> int:
    """Time the layers of each workload on each backend, write and tell what was found.

    The exit status is 1 when a process failed. A WorkloadNameError, an InterpreterError, a
    DataError or a LayersError says what is wrong. An interruption keeps what is finished, with its
    tables.
    """
    folder: Path = arguments.source or arguments.reports / "layers" / new_run_id()
    if arguments.source is None:
        _measure(arguments, folder, output)
    findings = _write(folder)
    for table in findings_tables(findings):
        output.print(table)
    for text in (*findings.failures, *findings.notes):
        output.error(sanitize_line(text))
    code = 1 if findings.failures else 0
    output.print_result(
        "Layers",
        folder,
        lambda: {
            "command": "layers",
            "exit_code": code,
            "path": str(folder),
            "failures": findings.failures,
            "rows": table_rows(gaps_frame(findings.top)),
        },
    )
    return code


def _measure(arguments: argparse.Namespace, folder: Path, output: CommandConsole) -> None:
    """Run all processes, alone on the machine."""
    pythons, device = read_pythons(arguments), arguments.device
    backends = dict.fromkeys(arguments.backend or BACKENDS)
    interpreters = [find_interpreter(backend, pythons, device) for backend in backends]
    workloads = dict.fromkeys(map(resolve_workload, arguments.workloads or [DEFAULT_WORKLOAD]))
    with timing_lock(default_lock_path(), f"layers {folder.name}, process {os.getpid()}"):
        entrants = [
            entrant
            for workload in workloads
            for entrant in _entrants(workload, interpreters, arguments)
        ]
        turns = make_turns(entrants, arguments.rounds)
        done = 0
        try:
            for _ in measure_layers(turns, folder, arguments.timeout, output):
                done += 1
        except KeyboardInterrupt:
            if done:
                _write(folder)
            raise


def _entrants(
    workload: str, interpreters: list[Interpreter], arguments: argparse.Namespace
) -> list[ProfiledWorkload]:
    dataset = resolve_dataset(arguments.dataset or local_dataset_of(workload))
    folder = prepare_dataset(dataset, arguments.data_dir, arguments.timeout)
    entrants = []
    for found in interpreters:
        try:
            cell = Cell(
                workload=workload,
                dataset=dataset,
                backend=found.backend,
                batch_size=arguments.batch_size or recipe_of(workload).batch_size,
                epochs=1,
                device=arguments.device,
            )
        except CellError as error:
            raise LayersError(str(error)) from error
        entrants.append(ProfiledWorkload(interpreter=found, job=job_of(cell, folder)))
    return entrants


def _write(folder: Path) -> Findings:
    """Make all tables of the raw rows in a folder."""
    findings = Findings(read_visits(folder))
    try:
        write_findings(folder, findings)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return findings
