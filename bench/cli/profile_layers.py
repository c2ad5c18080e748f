"""`profile-layers`: time each layer on each backend, and explain the widest gaps."""

import argparse
import os
from pathlib import Path
from typing import Final

from bench.cli.console import CommandConsole
from bench.cli.options import (
    FEWEST_ROUNDS,
    add_output,
    add_pythons,
    add_reports,
    add_rounds,
    add_timeout,
    add_workloads,
    check_dataset,
    positive_int,
    read_pythons,
    set_examples,
)
from bench.cli.script_options import add_script, chosen_workloads
from bench.core.cell import BACKENDS, DEVICES, Cell, CellError, is_script
from bench.core.script import KERAS_BATCH_SIZE
from bench.core.text import sanitize_line
from bench.core.workload import job_of, local_dataset_of, recipe_of
from bench.profiling.columns import gaps_frame
from bench.profiling.report import Findings, findings_tables, write_findings
from bench.profiling.run import ProfiledWorkload, measure_layers, schedule_processes
from bench.profiling.samples import LayersError, read_samples
from bench.report.render.format import table_rows
from bench.runner.dataset import prepare_data
from bench.storage.store import StoreError, new_run_id
from bench.system.interpreter import Interpreter, find_interpreter
from bench.system.timing_lock import default_lock_path, timing_lock
from data.registry import resolve_dataset

DEFAULT_WORKLOAD: Final = "lab_baseline"


def add_profile_layers_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the workloads and the options of `profile-layers`."""
    add = parser.add_argument
    add_workloads(parser, DEFAULT_WORKLOAD)
    add_script(parser)
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add(
        "--batch-size",
        type=positive_int,
        metavar="N",
        help="instead of the recipe's; of a script 32",
    )
    add("--device", choices=DEVICES, default="cpu", help="(cpu)")
    add_rounds(parser, FEWEST_ROUNDS)
    add("--from", dest="source", type=Path, metavar="DIR", help="only rewrite this folder's tables")
    add_timeout(parser)
    add_pythons(parser)
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "profile-layers mobilenet", "profile-layers my_model.py:build --rounds 6")


def profile_layers_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Time the layers of each workload on each backend, write and print the findings.

    The exit code is 1 if a process failed. Raise WorkloadNameError, InterpreterError, DataError or
    LayersError for invalid input. An interruption keeps the finished samples and their tables.
    """
    folder: Path = arguments.source or arguments.reports / "layers" / new_run_id()
    if arguments.source is None:
        _measure(arguments, folder, console)
    findings = _write(folder)
    for table in findings_tables(findings):
        console.print(table)
    for text in (*findings.failures, *findings.notes):
        console.error(sanitize_line(text))
    code = 1 if findings.failures else 0
    console.print_result(
        "Layers",
        folder,
        lambda: {
            "command": "profile-layers",
            "exit_code": code,
            "path": str(folder),
            "failures": findings.failures,
            "rows": table_rows(gaps_frame(findings.top)),
        },
    )
    return code


def _measure(arguments: argparse.Namespace, folder: Path, console: CommandConsole) -> None:
    """Run all processes while this command holds the timing lock of the machine."""
    check_dataset(arguments)
    pythons, device = read_pythons(arguments), arguments.device
    backends = dict.fromkeys(arguments.backend or BACKENDS)
    interpreters = [find_interpreter(backend, pythons, device) for backend in backends]
    workloads = dict.fromkeys(chosen_workloads(arguments, [DEFAULT_WORKLOAD]))
    with timing_lock(default_lock_path(), f"profile-layers {folder.name}, process {os.getpid()}"):
        profiled = [
            each
            for workload in workloads
            for each in _profiled_workloads(workload, interpreters, arguments)
        ]
        turns = schedule_processes(profiled, arguments.rounds)
        done = 0
        try:
            for _ in measure_layers(turns, folder, arguments.timeout, console):
                done += 1
        except KeyboardInterrupt:
            if done:
                _write(folder)
            raise


def _profiled_workloads(
    workload: str, interpreters: list[Interpreter], arguments: argparse.Namespace
) -> list[ProfiledWorkload]:
    dataset = resolve_dataset(arguments.dataset or local_dataset_of(workload))
    folder = prepare_data(dataset, arguments.data_dir, arguments.timeout)
    profiled = []
    for interpreter in interpreters:
        try:
            cell = Cell(
                workload=workload,
                dataset=dataset,
                backend=interpreter.backend,
                batch_size=arguments.batch_size or _batch_size(workload),
                epochs=1,
                device=arguments.device,
            )
        except CellError as error:
            raise LayersError(str(error)) from error
        profiled.append(ProfiledWorkload(interpreter=interpreter, job=job_of(cell, folder)))
    return profiled


def _batch_size(workload: str) -> int:
    """Return the batch size of a workload's recipe; for a script, whose own is not known, 32."""
    return KERAS_BATCH_SIZE if is_script(workload) else recipe_of(workload).batch_size


def _write(folder: Path) -> Findings:
    """Make all tables of the raw rows in a folder."""
    findings = Findings(read_samples(folder))
    try:
        write_findings(folder, findings)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return findings
