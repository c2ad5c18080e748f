"""One run: launch the planned steps and store the record of each at once."""

from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace
from rich.console import Console

from bench.core.cell import PROTOCOL_VERSION
from bench.core.record import Calibration, Record, count_error
from bench.core.result import Result
from bench.core.workload import job_of
from bench.runner.launch import WORKER_COMMAND, LaunchOutcome, launch
from bench.runner.plan import PlannedLaunch
from bench.runner.progress import RunProgress
from bench.storage.store import Store, log_path
from bench.system.calibration import calibrate
from bench.system.environment import resolve_environment
from bench.system.interpreter import changed_version
from bench.system.machine import git_facts, machine_facts


def execute(
    steps: Sequence[PlannedLaunch],
    store: Store,
    run_id: str,
    console: Console,
    *,
    timeout_seconds: float,
    command: Sequence[str] = WORKER_COMMAND,
) -> list[Record]:
    """Launch every step whose action is "run"; store each record at once and return all of them.

    A failed cell never stops the run. An interruption propagates after the worker is killed: the
    records of earlier steps are stored by then, and the interrupted step has none. The machine is
    calibrated directly before and after each launch.
    """
    to_run = [step for step in steps if step.action == "run"]
    records = []
    with RunProgress(console, to_run) as progress:
        for step in to_run:
            progress.begin(step)
            record = _run_step(step, store, run_id, progress, timeout_seconds, command)
            store.save(record)
            records.append(record)
            progress.end(step, record)
    return records


def _run_step(
    step: PlannedLaunch,
    store: Store,
    run_id: str,
    progress: RunProgress,
    timeout_seconds: float,
    command: Sequence[str],
) -> Record:
    if step.interpreter is None or step.dataset is None:
        raise ValueError(f"{step.cell.id} has no interpreter or dataset; it cannot be launched.")
    job = job_of(step.cell, step.dataset_folder, step.side.source)
    job = replace(job, instrumented=step.instrumented)
    before = calibrate()
    outcome = launch(
        job,
        step.interpreter.python,
        environment=step.environment,
        log_path=log_path(store.run_folder(run_id), step.cell, step.repetition),
        timeout_seconds=timeout_seconds,
        on_progress=lambda event: progress.epoch(step, event),
        command=command,
    )
    return make_record(step, run_id, outcome, (before, calibrate()))


def make_record(
    step: PlannedLaunch,
    run_id: str,
    outcome: LaunchOutcome,
    calibration: tuple[Calibration, Calibration],
) -> Record:
    """Return the record of one launch of `step`; `calibration` is from before and after it."""
    if step.interpreter is None or step.dataset is None:
        raise ValueError(f"{step.cell.id} has no interpreter or dataset; it has no record.")
    reason = outcome.output.reason or _contradiction(step, outcome)
    result = outcome.output.result if reason is None else None
    interpreter_seconds, exit_seconds = _unseen_seconds(outcome, result)
    return Record(
        cell=step.cell,
        digest=step.digest,
        protocol_version=PROTOCOL_VERSION,
        workload_source=step.workload_source,
        repetition=step.repetition,
        run_id=run_id,
        status=_status(outcome, reason),
        reason=reason,
        started_at=outcome.started_at,
        wall_seconds=outcome.wall_seconds,
        exit_status=outcome.exit_status,
        log_tail=outcome.log_tail,
        result=result,
        dataset=step.dataset,
        machine=machine_facts(),
        versions=step.interpreter.versions,
        git=git_facts(),
        environment=step.environment.performance,
        instrumented=step.instrumented,
        race=step.race,
        calibration=calibration,
        interpreter_seconds=interpreter_seconds,
        exit_seconds=exit_seconds,
    )


def _status(outcome: LaunchOutcome, reason: str | None) -> Literal["ok", "failed", "unsupported"]:
    if reason is None:
        return "ok"
    return "unsupported" if outcome.output.unsupported else "failed"


def _unseen_seconds(
    outcome: LaunchOutcome, result: Result | None
) -> tuple[float, float] | tuple[None, None]:
    """Return the seconds before the worker's first line and after its last line.

    Only the parent can measure them. Both sides read the same monotonic clock of the machine.
    """
    if result is None or result.entered_at is None or result.left_at is None:
        return None, None
    ended_clock = outcome.started_clock + outcome.wall_seconds
    return result.entered_at - outcome.started_clock, ended_clock - result.left_at


def _contradiction(step: PlannedLaunch, outcome: LaunchOutcome) -> str | None:
    """Return the first contradiction between the worker's result and its launch, or None."""
    result = outcome.output.result
    if result is None or step.interpreter is None:
        return None
    if count_error(step.cell, result) is not None:
        return f"the worker returned {len(result.epochs)} epochs instead of {step.cell.epochs}"
    if any(seconds is not None and seconds < 0 for seconds in _unseen_seconds(outcome, result)):
        return "its clock readings lie outside its launch"
    # A record names environment variables and versions. In the lane `matched`, the variables hold
    # the number of processors; a `pip install` during the launch would make the versions wrong.
    now = resolve_environment(step.cell, step.side.base_environment)
    if now.performance != step.environment.performance:
        return "the number of usable processors changed after the plan was made"
    return changed_version(step.interpreter)
