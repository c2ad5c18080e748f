"""`plan`: print the launches of `run`, with their reasons and estimated times."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.options import (
    add_pythons,
    add_repeats,
    add_selection,
    add_timeout,
    read_cells,
    read_pythons,
    set_examples,
)
from bench.cli.report import warn_skipped
from bench.cli.script_options import add_script
from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.core.text import sanitize_line
from bench.runner.plan import PlannedLaunch, draft_step, make_plan, remaining_seconds
from bench.storage.store import Store
from bench.system.environment import dropped_variables
from bench.system.machine import machine_facts


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan`: the options of `run` that select its launches."""
    add_selection(parser, suite="quick")
    add_script(parser)
    add_pythons(parser)
    add_repeats(parser)
    add_timeout(parser)
    set_examples(parser, "plan --suite vision", "plan --backend torch --repeats 3")


def plan_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print the plan of a run; the exit code is 2 if none of its launches can start."""
    store = Store(arguments.reports)
    steps = plan_run(read_cells(arguments), read_pythons(arguments), arguments, store)
    print_plan(steps, console)
    print_plan_summary(steps, console)
    return ExitCode.USAGE if all(step.action == "blocked" for step in steps) else ExitCode.OK


def plan_run(
    cells: Sequence[Cell],
    pythons: Mapping[str, str],
    arguments: argparse.Namespace,
    store: Store,
) -> list[PlannedLaunch]:
    """Return the launches of a run, including those whose record is stored."""
    steps = make_plan(
        cells,
        store.load_all(),
        str(machine_facts()["machine_id"]),
        repeats=arguments.repeats,
        fresh=arguments.fresh,
        pythons=pythons,
        data_dir=arguments.data_dir,
        timeout_seconds=arguments.timeout,
    )
    warn_skipped(store)
    return steps


def plan_entries(
    entries: Sequence[tuple[Cell, bool]],
    store: Store,
    pythons: Mapping[str, str],
    data_dir: Path | None,
    timeout_seconds: float,
) -> list[PlannedLaunch]:
    """Return a draft launch of each contender: a cell, and whether it is instrumented."""
    machine_id = machine_facts()["machine_id"]
    records = [record for record in store.load_all() if record.machine_id == machine_id]
    return [
        draft_step(
            cell,
            records,
            pythons,
            data_dir,
            instrumented=instrumented,
            timeout_seconds=timeout_seconds,
        )
        for cell, instrumented in entries
    ]


def print_plan_summary(steps: Sequence[PlannedLaunch], console: CommandConsole) -> None:
    """Print the number of launches to train, their estimated time, and the blocked ones."""
    stored = sum(step.action == "stored" for step in steps)
    to_run = sum(step.action == "run" for step in steps)
    seconds, unknown = remaining_seconds(steps)
    rough = {step.estimate_basis for step in steps if step.action == "run"} - {"", "records"}
    estimate = f", about {seconds / 60:.1f} min" if seconds else ""
    estimate += f", partly estimated by {' and '.join(sorted(rough))}" if rough else ""
    estimate += f" ({unknown} without an estimate)" if unknown and seconds else ""
    console.print(f"{stored} stored (not trained again), {to_run} to train{estimate}.")
    if to_run and (dropped := dropped_variables(os.environ)):
        console.error(
            f"Not passed on to the workers, which see a fixed list: {', '.join(dropped)}."
        )
    for step in steps:
        if step.action == "blocked" and step.repetition == 0:
            console.error(f"{step.cell.id} cannot run: {step.why}")


def print_plan(steps: Sequence[PlannedLaunch], console: CommandConsole) -> None:
    """Print one row per launch."""
    table = Table("cell", "rep", "action", "estimate", "reason")
    for step in steps:
        seconds = step.estimate_seconds if step.action == "run" else None
        text = "unknown" if seconds is None else f"{seconds:.0f} s by {step.estimate_basis}"
        estimate = text if step.action == "run" else ""
        row = (step.cell.id, str(step.repetition), step.action, estimate, step.why)
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    console.print(table)
