"""`race`: time the backends in alternating rounds, in a new or a resumed race."""

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.cli.console import CommandConsole
from bench.cli.options import (
    add_output,
    add_pythons,
    add_resume,
    add_rounds,
    add_selection,
    add_timeout,
    read_cells,
    read_pythons,
    set_examples,
)
from bench.cli.plan import plan_entries, print_plan_summary
from bench.cli.report import warn_skipped
from bench.cli.run import RunOutcome, launch_steps, report_results
from bench.cli.script_options import add_script
from bench.core.cell import Cell
from bench.core.record import Record
from bench.runner.interleave import (
    in_session,
    interleaved_launches,
    keep_complete_rounds,
    supersede,
)
from bench.runner.plan import PlannedLaunch
from bench.runner.race_plan import (
    Chosen,
    RacePlan,
    has_race_plan,
    make_race_plan,
    planned_steps,
    read_race_plan,
    save_race_plan,
)
from bench.storage.sessions import ResumeError, resume_call, start_session
from bench.storage.store import Store, StoreError, new_run_id
from bench.system.timing_lock import default_lock_path, timing_lock

#: Enough for intervals of a few percent on a quiet machine; about a quarter of an hour.
_DEFAULT_ROUNDS: Final = 16


def add_race_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `race`."""
    add_race_options(parser, _DEFAULT_ROUNDS)
    add_script(parser)
    set_examples(parser, "race --workload resnet20", "race --resume")


def add_race_options(parser: argparse.ArgumentParser, rounds: int) -> None:
    """Add the options of all races; `rounds` is the default number of rounds."""
    add_selection(parser, suite="race")
    add_pythons(parser)
    add_rounds(parser, rounds)
    add_resume(parser, "run")
    add_timeout(parser)
    add_output(parser)


def race_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Launch the rounds of a race, report, and return the exit code."""
    return measure_race(arguments, console, kinds=(False,))


def measure_race(
    arguments: argparse.Namespace, console: CommandConsole, kinds: Sequence[bool]
) -> int:
    """Launch the rounds of a new or an interrupted race, report, and return the exit code.

    Each cell has one contender for each of `kinds`: instrumented launches (True) or plain ones.
    Raise ResumeError, with the reason, if there is no race to resume.
    """
    store = Store(arguments.reports)
    if arguments.resume is None:
        entries = [(cell, kind) for cell in read_cells(arguments) for kind in kinds]
        pythons = read_pythons(arguments)
    else:
        plan = _find(store, arguments.command, arguments.resume)
    with timing_lock(default_lock_path(), f"{arguments.command}, process {os.getpid()}"):
        if arguments.resume is None:
            outcome = _begin(entries, pythons, arguments, store, console)
        else:
            outcome = _resume(plan, store, console)
    resume_command = resume_call(arguments.command, outcome.run_id, arguments.reports)
    return report_results(arguments.command, store, outcome, resume_command, console)


def _begin(
    entries: Sequence[tuple[Cell, bool]],
    pythons: Mapping[str, str],
    arguments: argparse.Namespace,
    store: Store,
    console: CommandConsole,
) -> RunOutcome:
    run_id = new_run_id()
    contenders = plan_entries(entries, store, pythons, arguments.data_dir, arguments.timeout)
    warn_skipped(store)
    steps = interleaved_launches(contenders, arguments.rounds)
    print_plan_summary(steps, console)
    if not any(step.action == "run" for step in steps):
        return RunOutcome(run_id, steps, [])
    store.check_writable(run_id)
    chosen = Chosen(
        rounds=arguments.rounds,
        timeout_seconds=arguments.timeout,
        pythons=dict(pythons),
        data_dir=None if arguments.data_dir is None else str(arguments.data_dir.absolute()),
    )
    folder = store.run_folder(run_id)
    try:
        save_race_plan(folder, make_race_plan(run_id, arguments.command, chosen, steps))
        start_session(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return launch_steps(steps, store, run_id, arguments.timeout, console)


def _resume(plan: RacePlan, store: Store, console: CommandConsole) -> RunOutcome:
    records = store.load(plan.run_id)
    drafts = plan_entries(
        [(contender.cell, contender.instrumented) for contender in plan.contenders],
        store,
        plan.chosen.pythons,
        Path(plan.chosen.data_dir) if plan.chosen.data_dir else None,
        plan.chosen.timeout_seconds,
    )
    steps = keep_complete_rounds(planned_steps(plan, drafts), records)
    steps = _start_session(store, plan, steps, records)
    print_plan_summary(steps, console)
    warn_skipped(store)
    outcome = launch_steps(steps, store, plan.run_id, plan.chosen.timeout_seconds, console)
    kept = {(step.digest, step.repetition) for step in steps if step.action == "stored"}
    failed = [record for record in records if record.key in kept and record.status == "failed"]
    return outcome._replace(records=[*failed, *outcome.records])


def _start_session(
    store: Store, plan: RacePlan, steps: list[PlannedLaunch], records: list[Record]
) -> list[PlannedLaunch]:
    """Record the start of a session, and set aside the records that it measures again."""
    folder = store.run_folder(plan.run_id)
    to_run = [step for step in steps if step.action == "run"]
    keys = {(step.digest, step.repetition) for step in to_run}
    try:
        session = start_session(
            folder,
            kept=sum(step.action == "stored" for step in steps),
            superseded=sum(record.key in keys for record in records),
            least=1 + max((record.race.session for record in records if record.race), default=0),
        )
        supersede(folder, steps, session.number)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return in_session(steps, session.number)


def _find(store: Store, command: str, name: str) -> RacePlan:
    """Return the plan of the race `name`; if empty, of the newest unfinished one of `command`."""
    if name:
        return _named(store, command, name)
    for run_id in reversed(store.run_ids()):
        if not has_race_plan(store.run_folder(run_id)):
            continue
        try:
            plan = read_race_plan(store.run_folder(run_id))
        except ResumeError as error:
            store.skipped.append(str(error))
            continue
        is_original = plan.run_id == run_id  # not a copy of another run's folder
        if is_original and plan.command == command and not _is_complete(store, plan):
            return plan
    warn_skipped(store)
    raise ResumeError(f"There is no unfinished {command} in {store.reports} to resume.")


def _named(store: Store, command: str, name: str) -> RacePlan:
    if name not in store.run_ids() or not has_race_plan(store.run_folder(name)):
        known = [run for run in store.run_ids() if has_race_plan(store.run_folder(run))]
        raise ResumeError(
            f"There is no {command} {name!r} to resume; the newest races are: "
            f"{', '.join(known[-5:]) or 'none'}."
        )
    plan = read_race_plan(store.run_folder(name))
    if plan.run_id != name:
        raise ResumeError(
            f"{name} is a copy of the {command} {plan.run_id}; resume the original instead."
        )
    if plan.command != command:
        raise ResumeError(
            f"{name} was started by `{plan.command}`; resume it with the same command."
        )
    if _is_complete(store, plan):
        raise ResumeError(
            f"{name} is complete; all of its {len(plan.launches)} launches have a record."
        )
    return plan


def _is_complete(store: Store, plan: RacePlan) -> bool:
    recorded = {record.key for record in store.load(plan.run_id)}
    return all(launch.key in recorded for launch in plan.launches)
