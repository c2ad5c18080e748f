"""The gate from its options to its exit status."""

import argparse
import os
from pathlib import Path
from typing import NamedTuple

from bench.cli.console import CommandConsole
from bench.cli.gate_accuracy import STORED, screen_candidate
from bench.cli.parser import read_choices
from bench.cli.resume import resume_call
from bench.core.exit_codes import ExitCode
from bench.core.suite import expand, load_suite
from bench.regression.lockstep import PairSpec
from bench.regression.measure import measure_gate
from bench.regression.outcome import GateOutcome, gate_status, judge_gate
from bench.regression.plan import plan_gate
from bench.regression.report import (
    gate_sessions_note,
    sentences,
    verdict_frame,
    verdict_table,
    write_outcome,
)
from bench.regression.store import GatePlan, GateStore, check_unchanged, find_gate
from bench.regression.verdict import Margins, check_margins, check_statistics
from bench.report.render.format import table_rows
from bench.storage.store import StoreError, new_run_id
from bench.system.machine import machine_facts
from bench.system.side import parse_side
from bench.system.timing_lock import default_lock_path, timing_lock


class Gate(NamedTuple):
    """A measured and judged gate, and where it is."""

    book: GateStore
    plan: GatePlan
    outcome: GateOutcome
    status: ExitCode
    path: Path


def gate_command(arguments: argparse.Namespace, output: CommandConsole) -> int:
    """Measure two sides in lock-step, write and tell the verdicts, return the exit status.

    A baseline of stored records can only be screened against. A SideTextError, a SuiteError, a
    BaselineError or a StoreError says what is wrong.
    """
    if arguments.baseline.startswith(STORED):
        return screen_candidate(arguments, output)
    gate = measure_time(arguments, output)
    _tell(gate, output)
    return gate.status


def measure_time(arguments: argparse.Namespace, output: CommandConsole) -> Gate:
    """Measure two sides in lock-step, judge them and write down all of it."""
    check_statistics()
    fresh = arguments.resume is None
    with timing_lock(default_lock_path(), f"gate, process {os.getpid()}"):
        book, plan, pair_specs = _begin(arguments, output) if fresh else _resume(arguments)
        try:
            pairs = measure_gate(plan, pair_specs, book, output)
        except KeyboardInterrupt as stop:
            call = resume_call("gate", plan.gate_id, arguments.reports)
            kept = f"Every finished pair is kept; {call} continues there."
            raise KeyboardInterrupt(kept) from stop
    outcome = judge_gate(plan, pairs, machine_facts()["machine_id"])
    status = gate_status(outcome)
    try:
        path = write_outcome(book, plan, pairs, outcome, status)
    except OSError as error:
        raise StoreError(f"{book.folder} cannot be written: {error.strerror}.") from error
    return Gate(book, plan, outcome, status, path)


def _begin(
    arguments: argparse.Namespace, output: CommandConsole
) -> tuple[GateStore, GatePlan, list[PairSpec]]:
    texts = (arguments.baseline, arguments.candidate)
    sides = (parse_side(texts[0]), parse_side(texts[1]))
    cells = expand(load_suite(arguments.suite), read_choices(arguments), arguments.suite)
    margins = Margins(arguments.noise_threshold / 100, arguments.fail_threshold / 100)
    check_margins(margins)
    gate_id = new_run_id()
    data_dir, timeout = arguments.data_dir, arguments.timeout
    plan, pair_specs = plan_gate(gate_id, cells, sides, texts, margins, data_dir, timeout)
    if sides[0] == sides[1]:
        output.error("Both sides are the same: a regression is not there to be found.")
    return GateStore(arguments.reports / "gates" / gate_id), plan, pair_specs


def _resume(arguments: argparse.Namespace) -> tuple[GateStore, GatePlan, list[PairSpec]]:
    """Return the gate as it was begun, with the contests that today's sides make of it."""
    book, plan = find_gate(arguments.reports / "gates", arguments.resume)
    sides = (parse_side(plan.sides[0]), parse_side(plan.sides[1]))
    cells = [each.cell for each in plan.expected if each.kind == "cell"]
    data_dir = None if plan.data_dir is None else Path(plan.data_dir)
    now, pair_specs = plan_gate(
        plan.gate_id, cells, sides, plan.sides, plan.margins, data_dir, arguments.timeout
    )
    check_unchanged(plan, now)
    return book, plan, pair_specs


def _tell(gate: Gate, output: CommandConsole) -> None:
    outcome, path = gate.outcome, gate.path
    output.print(verdict_table(gate.plan, outcome))
    if text := gate_sessions_note(gate.book):
        output.print(text)
    for sentence in sentences(outcome):
        output.error(sentence)
    output.print_result(
        "Verdicts",
        path,
        lambda: {
            "command": "gate",
            "exit_code": int(gate.status),
            "defects": list(outcome.defects),
            "paths": {"csv": str(path), "json": str(path.with_suffix(".json"))},
            "rows": table_rows(verdict_frame(outcome)),
        },
    )
