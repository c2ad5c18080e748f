"""A complete gate: start or resume it, measure it in lock-step, judge it, write its report."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.regression.lockstep import PairSpec
from bench.regression.measure import measure_gate
from bench.regression.outcome import GateOutcome, gate_status, judge_gate
from bench.regression.plan import plan_gate
from bench.regression.report import write_outcome
from bench.regression.store import GatePlan, GateStore, check_unchanged, find_gate
from bench.regression.verdict import Margins, check_margins, check_statistics
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS
from bench.storage.sessions import resume_call
from bench.storage.store import StoreError, new_run_id
from bench.system.machine import machine_facts
from bench.system.side import parse_side
from bench.system.timing_lock import default_lock_path, timing_lock


class Gate(NamedTuple):
    """A measured and judged gate, and the path of its verdicts."""

    store: GateStore
    plan: GatePlan
    outcome: GateOutcome
    status: ExitCode
    path: Path


class GateRequest(NamedTuple):
    """The request for a new gate: its sides, cells and margins.

    `baseline` and `candidate` are texts that `bench.system.side.parse_side` reads. A user's
    dataset function must finish within `timeout_seconds`.
    """

    baseline: str
    candidate: str
    cells: Sequence[Cell]
    margins: Margins = Margins()
    data_dir: Path | None = None
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS


def begin_gate(
    request: GateRequest, reports: Path, console: Console, warn: Callable[[str], None]
) -> Gate:
    """Measure a new gate and judge it; `warn` gets a sentence if the two sides are the same.

    Raises SideTextError, MarginError or StatisticsMissingError before it requests the machine's
    lock, MachineBusyError or StoreError afterwards.
    """
    check_statistics()
    check_margins(request.margins)
    texts = (request.baseline, request.candidate)
    sides = (parse_side(texts[0]), parse_side(texts[1]))
    gate_id = new_run_id()
    with timing_lock(default_lock_path(), f"gate, process {os.getpid()}"):
        plan, pair_specs = plan_gate(
            gate_id,
            request.cells,
            sides,
            texts,
            request.margins,
            request.data_dir,
            request.timeout_seconds,
        )
        if sides[0] == sides[1]:
            warn("Both sides are the same, so there is no regression to find.")
        store = GateStore(reports / "gates" / gate_id)
        return _measure_and_judge(store, plan, pair_specs, reports, console)


def resume_gate(gate_id: str, reports: Path, console: Console) -> Gate:
    """Continue an interrupted gate and judge it; an empty `gate_id` selects the newest.

    Its sides are read from its plan. ResumeError lists the changes since it began.
    """
    check_statistics()
    store, plan = find_gate(reports / "gates", gate_id)
    sides = (parse_side(plan.sides[0]), parse_side(plan.sides[1]))
    cells = [each.cell for each in plan.expected if each.kind == "cell"]
    data_dir = None if plan.data_dir is None else Path(plan.data_dir)
    with timing_lock(default_lock_path(), f"gate, process {os.getpid()}"):
        now, pair_specs = plan_gate(plan.gate_id, cells, sides, plan.sides, plan.margins, data_dir)
        check_unchanged(plan, now)
        return _measure_and_judge(store, plan, pair_specs, reports, console)


def _measure_and_judge(
    store: GateStore,
    plan: GatePlan,
    pair_specs: list[PairSpec],
    reports: Path,
    console: Console,
) -> Gate:
    try:
        pairs = measure_gate(plan, pair_specs, store, console)
    except KeyboardInterrupt as stop:
        call = resume_call("gate", plan.gate_id, reports)
        kept = f"Every finished pair is kept; {call} continues there."
        raise KeyboardInterrupt(kept) from stop
    outcome = judge_gate(plan, pairs, machine_facts()["machine_id"])
    status = gate_status(outcome)
    try:
        path = write_outcome(store, plan, pairs, outcome, status)
    except OSError as error:
        raise StoreError(f"{store.folder} cannot be written: {error.strerror}.") from error
    return Gate(store, plan, outcome, status, path)
