"""The steps that a command line asks for, and what a person is told of them."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.parser import read_choices, read_pythons
from bench.cli.report import warn_unreadable
from bench.core.cell import Cell
from bench.core.suite import expand, load_suite
from bench.core.text import sanitize_line
from bench.runner.interleave import interleaved_launches
from bench.runner.plan import PlannedLaunch, draft_step, make_plan, remaining_seconds
from bench.storage.store import Store
from bench.system.machine import machine_facts


def plan_run(arguments: argparse.Namespace, store: Store) -> list[PlannedLaunch]:
    """Return the steps of a run."""
    cells = expand(load_suite(arguments.suite), read_choices(arguments), arguments.suite)
    steps = make_plan(
        cells,
        store.load_all(),
        str(machine_facts()["machine_id"]),
        repeats=arguments.repeats,
        fresh=arguments.fresh,
        pythons=read_pythons(arguments),
        data_dir=arguments.data_dir,
        timeout_seconds=arguments.timeout,
    )
    warn_unreadable(store)
    return steps


def plan_race(arguments: argparse.Namespace, store: Store) -> list[PlannedLaunch]:
    """Return the steps of a race; that of `steps` puts an instrumented launch beside each plain."""
    cells = expand(load_suite(arguments.suite), read_choices(arguments), arguments.suite)
    kinds = (False, True) if arguments.command == "steps" else (False,)
    contenders = plan_entries(
        [(cell, instrumented) for cell in cells for instrumented in kinds],
        store,
        read_pythons(arguments),
        arguments.data_dir,
        arguments.timeout,
    )
    warn_unreadable(store)
    return interleaved_launches(contenders, arguments.rounds)


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


def print_plan_summary(steps: Sequence[PlannedLaunch], output: CommandConsole) -> None:
    """Tell how much there is to train, about how long it takes, and what cannot run."""
    stored = sum(step.action == "stored" for step in steps)
    to_run = sum(step.action == "run" for step in steps)
    seconds, unknown = remaining_seconds(steps)
    rough = {step.estimate_basis for step in steps if step.action == "run"} - {"", "records"}
    about = f", about {seconds / 60:.1f} min" if seconds else ""
    about += f", part of it by {' and '.join(sorted(rough))}" if rough else ""
    about += f" ({unknown} without an estimate)" if unknown and seconds else ""
    output.print(f"{stored} stored (not trained again), {to_run} to train{about}.")
    for step in steps:
        if step.action == "blocked" and step.repetition == 0:
            output.error(f"{step.cell.id} cannot run: {step.why}")


def print_plan(steps: Sequence[PlannedLaunch], output: CommandConsole) -> None:
    """Print a row per step."""
    table = Table("cell", "rep", "action", "about", "why")
    for step in steps:
        seconds = step.estimate_seconds if step.action == "run" else None
        known = "unknown" if seconds is None else f"{seconds:.0f} s by {step.estimate_basis}"
        about = known if step.action == "run" else ""
        row = (step.cell.id, str(step.repetition), step.action, about, step.why)
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    output.print(table)
