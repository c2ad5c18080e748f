"""`gate-accuracy`: is a candidate less accurate? Also screening against a stored baseline."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from bench.cli.console import CommandConsole
from bench.cli.options import (
    add_margin,
    add_output,
    add_selection,
    add_sides,
    add_timeout,
    read_cells,
    set_examples,
)
from bench.cli.plan import print_plan_summary
from bench.cli.report import write_run
from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.core.record import Record
from bench.core.text import sanitize_line
from bench.regression.accuracy.report import (
    accuracy_frame,
    accuracy_table,
    screening_frame,
    screening_table,
    write_frame,
)
from bench.regression.accuracy.screening import screen
from bench.regression.accuracy.seeds import families, family_of, mismatch, seeds_of
from bench.regression.accuracy.stored_baseline import load_baseline
from bench.regression.accuracy.verdict import judge_accuracy
from bench.regression.verdict import check_statistics
from bench.runner.executor import execute
from bench.runner.plan import PlannedLaunch, make_plan
from bench.storage.store import Store, StoreError, new_run_id, newest_of_each
from bench.system.machine import machine_facts
from bench.system.side import Side, parse_side
from bench.system.timing_lock import default_lock_path, timing_lock

#: The prefix of a side that names stored records instead of a live side.
STORED = "baseline="


def add_gate_accuracy_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the sides, the margin and the options of `gate-accuracy`."""
    add_selection(parser, suite="quick")
    add_sides(parser)
    add_margin(parser, "a candidate worse by this or more is refused")
    add_timeout(parser)
    add_output(parser)
    set_examples(
        parser,
        "gate-accuracy --candidate src=../branch --seeds 20",
        "gate-accuracy --baseline baseline=main --candidate env.KERAS_NNX_ENABLED=1",
    )


def gate_accuracy_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Train the missing seeds of both sides, and judge the candidate's accuracy."""
    check_statistics()
    store = Store(arguments.reports)
    if arguments.baseline.startswith(STORED):
        stored = load_baseline(store, arguments.baseline.removeprefix(STORED))
        cells = list(dict.fromkeys(record.cell for record in stored))
        sides = []
    else:
        stored, sides = [], [parse_side(arguments.baseline)]
        cells = read_cells(arguments)
    sides.append(parse_side(arguments.candidate))
    *trained, candidate = train_sides(cells, sides, store, arguments, console)
    baseline = trained[0] if trained else stored
    mixed = mismatch(baseline, candidate)
    groups = {}
    for family, seeds in families(cells).items():
        groups[family.id] = (seeds_of(family, seeds, baseline), seeds_of(family, seeds, candidate))
    verdicts = list(judge_accuracy(groups, arguments.margin / 100).values())
    kinds = {row.verdict for row in verdicts}
    status = ExitCode.INCONCLUSIVE if "inconclusive" in kinds else ExitCode.OK
    status = ExitCode.INACCURATE if "regressed" in kinds else status
    status = ExitCode.INVALID if mixed or "invalid" in kinds else status
    reasons = [f"{v.name} is {v.verdict}: {v.reason}." for v in verdicts if v.reason]
    reasons += [f"The sides cannot be compared: {mixed}."] if mixed else []
    path = _written(store, "accuracy", accuracy_frame(verdicts))
    return _print("gate-accuracy", accuracy_table(verdicts), reasons, path, status, console)


def screen_candidate(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Train the candidate like a stored baseline, and print which cells look slower.

    Screening never ends in `pass`: the exit code is 11, or 12 if a cell is invalid.
    """
    check_statistics()
    store = Store(arguments.reports)
    stored = load_baseline(store, arguments.baseline.removeprefix(STORED))
    cells = list(dict.fromkeys(record.cell for record in stored))
    side = parse_side(arguments.candidate)
    repeats = 1 + max(record.repetition for record in stored)
    (trained,) = train_sides(cells, [side], store, arguments, console, repeats=repeats, fresh=True)
    groups = {
        family.id: tuple(
            [record for record in records if family_of(record.cell) == family]
            for records in (stored, trained)
        )
        for family in families(cells)
    }
    screenings = screen(
        {name: (a, b) for name, (a, b) in groups.items()}, arguments.noise_threshold / 100
    )
    invalid = any(row.verdict == "invalid" for row in screenings)
    status = ExitCode.INVALID if invalid else ExitCode.INCONCLUSIVE
    reasons = [f"{row.name} is invalid: {row.reason}." for row in screenings if row.reason]
    reasons.append(
        "Stored records allow screening only; a gate that measures both sides gives verdicts."
    )
    path = _written(store, "screening", screening_frame(screenings))
    return _print("gate", screening_table(screenings), reasons, path, status, console)


def train_sides(
    cells: Sequence[Cell],
    sides: Sequence[Side],
    store: Store,
    arguments: argparse.Namespace,
    console: CommandConsole,
    *,
    repeats: int = 1,
    fresh: bool = False,
) -> list[list[Record]]:
    """Train the cells that are not stored; return each side's records of the cells."""
    run_id = new_run_id()
    machine_id = str(machine_facts()["machine_id"])
    with timing_lock(default_lock_path(), f"run {run_id}, process {os.getpid()}"):
        known = store.load_all()
        plans = [
            make_plan(
                cells,
                known,
                machine_id,
                repeats=repeats,
                fresh=fresh,
                data_dir=arguments.data_dir,
                timeout_seconds=arguments.timeout,
                side=side,
            )
            for side in sides
        ]
        steps = _without_doubles([step for plan in plans for step in plan])
        print_plan_summary(steps, console)
        if any(step.action == "run" for step in steps):
            store.check_writable(run_id)
            execute(steps, store, run_id, console, timeout_seconds=arguments.timeout)
            write_run(store, run_id)
    newest = newest_of_each(record for record in store.load_all() if record.race is None)
    return [_records_of(plan, newest) for plan in plans]


def _without_doubles(steps: Sequence[PlannedLaunch]) -> list[PlannedLaunch]:
    """Return the steps without duplicates: only the first step for each record."""
    first = {(step.digest, step.repetition): step for step in reversed(steps)}
    return [s for s in steps if not s.digest or first[s.digest, s.repetition] is s]


def _records_of(
    steps: Sequence[PlannedLaunch], newest: dict[tuple[str, int], Record]
) -> list[Record]:
    keys = [(step.digest, step.repetition) for step in steps]
    return [newest[key] for key in keys if key in newest]


def _written(store: Store, name: str, frame: object) -> Path:
    folder = store.reports / "gates" / new_run_id()
    try:
        return write_frame(folder, name, frame)  # type: ignore[arg-type]
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error


def _print(
    command: str,
    table: Table,
    reasons: Sequence[str],
    path: Path,
    status: ExitCode,
    console: CommandConsole,
) -> int:
    console.print(table)
    for reason in reasons:
        console.error(sanitize_line(reason))
    facts = {"command": command, "exit_code": int(status), "reasons": list(reasons)}
    console.print_result("Verdicts", path, lambda: {**facts, "paths": {"csv": str(path)}})
    return status
