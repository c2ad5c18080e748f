"""`run`: launch the cells that are not stored, then report; with parts that `race` shares."""

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bench.cli.console import CommandConsole
from bench.cli.options import (
    add_output,
    add_pythons,
    add_repeats,
    add_selection,
    add_timeout,
    read_cells,
    read_pythons,
    set_examples,
)
from bench.cli.plan import plan_run, print_plan_summary
from bench.cli.report import (
    comparison_rows,
    keys_of,
    print_comparison,
    warn_skipped,
    write_latest,
    write_run,
)
from bench.cli.script_options import add_script
from bench.core.exit_codes import ExitCode
from bench.core.record import Record
from bench.runner.executor import execute
from bench.runner.plan import PlannedLaunch
from bench.storage.store import Store, new_run_id
from bench.system.timing_lock import default_lock_path, timing_lock


class RunOutcome(NamedTuple):
    """The launches of a run, the records that count, and whether the run was interrupted."""

    run_id: str
    steps: list[PlannedLaunch]
    records: list[Record]
    interrupted: bool = False


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `run`."""
    add_selection(parser, suite="quick")
    add_script(parser)
    add_pythons(parser)
    add_repeats(parser)
    add_timeout(parser)
    add_output(parser)
    set_examples(
        parser,
        "run --backend jax",
        "run --workload my_model.py:build --epochs 3",
        "run --script train.py -- --epochs 3",
    )


def run_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Plan, launch and report under the machine's timing lock; return the exit code."""
    cells, pythons = read_cells(arguments), read_pythons(arguments)
    store = Store(arguments.reports)
    run_id = new_run_id()
    with timing_lock(default_lock_path(), f"run {run_id}, process {os.getpid()}"):
        steps = plan_run(cells, pythons, arguments, store)
        print_plan_summary(steps, console)
        outcome = RunOutcome(run_id, steps, [])
        if any(step.action == "run" for step in steps):
            store.check_writable(run_id)
            outcome = launch_steps(steps, store, run_id, arguments.timeout, console)
    return report_results("run", store, outcome, "the same call", console)


def launch_steps(
    steps: Sequence[PlannedLaunch],
    store: Store,
    run_id: str,
    timeout_seconds: float,
    console: CommandConsole,
) -> RunOutcome:
    """Launch the planned steps; after an interruption return the records finished so far."""
    try:
        records = execute(steps, store, run_id, console, timeout_seconds=timeout_seconds)
    except KeyboardInterrupt:
        keys = {(step.digest, step.repetition) for step in steps if step.action == "run"}
        finished = [record for record in store.load(run_id) if record.key in keys]
        return RunOutcome(run_id, list(steps), finished, interrupted=len(finished) < len(keys))
    return RunOutcome(run_id, list(steps), records)


def report_results(
    command: str, store: Store, outcome: RunOutcome, resume_command: str, console: CommandConsole
) -> ExitCode:
    """Write the reports on the run and on all runs, print the results, return the exit code.

    `resume_command` is the command that continues an interrupted run.
    """
    run_id, steps, records, _ = outcome
    code = _exit_code(outcome)
    folder = store.run_folder(run_id)
    ran = folder.is_dir()
    if ran:
        write_run(store, run_id)
    path, tables = write_latest(store)
    keys = keys_of(steps, tables)
    print_comparison(tables, console, keys)
    warn_skipped(store)
    counts = _counts(steps, records)
    if code == ExitCode.INTERRUPTED:
        kept = "Interrupted. Every finished record is kept"
        console.error(f"{kept}; {resume_command} continues there.")
    elif code != ExitCode.OK:
        failed = f"{counts['failed']} of {len(steps)} launches failed"
        console.error(f"{failed}, {counts['blocked']} could not start.")
    facts: dict[str, object] = {"command": command, "run_id": run_id if ran else None}
    facts |= {"exit_code": int(code), "counts": counts}
    facts["paths"] = {"csv": str(path), "run": str(folder) if ran else None}
    console.print_result(
        "Comparison", path, lambda: {**facts, "rows": comparison_rows(tables, keys)}
    )
    return code


def _counts(steps: Sequence[PlannedLaunch], records: Sequence[Record]) -> dict[str, int]:
    actions = Counter(step.action for step in steps)
    statuses = Counter(record.status for record in records)
    return {
        "stored": actions["stored"],
        "ok": statuses["ok"],
        "unsupported": statuses["unsupported"],
        "failed": statuses["failed"],
        "blocked": actions["blocked"],
    }


def _exit_code(outcome: RunOutcome) -> ExitCode:
    if outcome.interrupted:
        return ExitCode.INTERRUPTED
    counts = _counts(outcome.steps, outcome.records)
    if counts["blocked"] == len(outcome.steps):
        return ExitCode.USAGE
    return ExitCode.CELLS_FAILED if counts["failed"] or counts["blocked"] else ExitCode.OK
