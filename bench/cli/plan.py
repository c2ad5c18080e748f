"""`plan`: print the launches of `run`, why, and about how long they take."""

import argparse
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
from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.core.text import sanitize_line
from bench.runner.plan import PlannedLaunch, draft_step, make_plan, remaining_seconds
from bench.storage.store import Store
from bench.system.machine import machine_facts


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `plan`, which are those of `run` that choose its launches."""
    add_selection(parser, suite="quick")
    add_pythons(parser)
    add_repeats(parser)
    add_timeout(parser)
    set_examples(parser, "plan --suite vision", "plan --backend torch --repeats 3")


def plan_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print the plan of a run; the exit code is 2 when nothing of it can start."""
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
    """Return the launches of a run, stored ones included."""
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
    wanted: Sequence[tuple[Cell, bool]],
    store: Store,
    pythons: Mapping[str, str],
    data_dir: Path | None,
    timeout_seconds: float,
) -> list[PlannedLaunch]:
    """Return a draft of each contender: a cell, and whether its launches are instrumented."""
    machine_id = machine_facts()["machine_id"]
    here = [record for record in store.load_all() if record.machine_id == machine_id]
    return [
        draft_step(
            cell,
            here,
            pythons,
            data_dir,
            instrumented=instrumented,
            timeout_seconds=timeout_seconds,
        )
        for cell, instrumented in wanted
    ]


def print_plan_summary(steps: Sequence[PlannedLaunch], console: CommandConsole) -> None:
    """Tell how much there is to train, about how long it takes, and what cannot run."""
    stored = sum(step.action == "stored" for step in steps)
    to_run = sum(step.action == "run" for step in steps)
    seconds, unknown = remaining_seconds(steps)
    rough = {step.estimate_basis for step in steps if step.action == "run"} - {"", "records"}
    about = f", about {seconds / 60:.1f} min" if seconds else ""
    about += f", part of it by {' and '.join(sorted(rough))}" if rough else ""
    about += f" ({unknown} without an estimate)" if unknown and seconds else ""
    console.print(f"{stored} stored (not trained again), {to_run} to train{about}.")
    for step in steps:
        if step.action == "blocked" and step.repetition == 0:
            console.error(f"{step.cell.id} cannot run: {step.why}")


def print_plan(steps: Sequence[PlannedLaunch], console: CommandConsole) -> None:
    """Print a row per step."""
    table = Table("cell", "rep", "action", "about", "why")
    for step in steps:
        seconds = step.estimate_seconds if step.action == "run" else None
        known = "unknown" if seconds is None else f"{seconds:.0f} s by {step.estimate_basis}"
        about = known if step.action == "run" else ""
        row = (step.cell.id, str(step.repetition), step.action, about, step.why)
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    console.print(table)
