"""The gate from its options to its exit status."""

import argparse
import os
from pathlib import Path
from typing import NamedTuple

from bench.arguments import read_choices
from bench.commands.seeding import STORED, screen_candidate
from bench.gate.book import Book, GatePlan
from bench.gate.contests import plan_gate
from bench.gate.judge import Margins, check_margins, check_statistics
from bench.gate.measure import measure_gate
from bench.gate.outcome import Outcome, judge_gate
from bench.gate.report import sentences, verdict_frame, verdict_table, write_outcome
from bench.gate.status import Status, gate_status
from bench.lock import default_lock_path, timing_lock
from bench.machine import machine_facts
from bench.output import Output
from bench.report.display import table_rows
from bench.side import parse_side
from bench.store import StoreError, new_run_id
from bench.suite import expand, load_suite


class Gate(NamedTuple):
    """A measured and judged gate, and where it is."""

    book: Book
    plan: GatePlan
    outcome: Outcome
    status: Status
    path: Path


def gate_time(arguments: argparse.Namespace, output: Output) -> int:
    """Measure two sides in lock-step, write and tell the verdicts, return the exit status.

    A baseline of stored records can only be screened against. A SideTextError, a SuiteError, a
    BaselineError or a StoreError says what is wrong.
    """
    if arguments.baseline.startswith(STORED):
        return screen_candidate(arguments, output)
    gate = measure_time(arguments, output)
    _tell(gate, output)
    return gate.status


def measure_time(arguments: argparse.Namespace, output: Output) -> Gate:
    """Measure two sides in lock-step, judge them and write down all of it."""
    check_statistics()
    texts = (arguments.baseline, arguments.candidate)
    sides = (parse_side(texts[0]), parse_side(texts[1]))
    cells = expand(load_suite(arguments.suite), read_choices(arguments), arguments.suite)
    margins = Margins(arguments.harmless / 100, arguments.caught / 100)
    check_margins(margins)
    gate_id = new_run_id()
    book = Book(arguments.reports / "gates" / gate_id)
    with timing_lock(default_lock_path(), f"gate {gate_id}, process {os.getpid()}"):
        plan, contests = plan_gate(gate_id, cells, sides, texts, margins, arguments.data_dir)
        if sides[0] == sides[1]:
            output.complain("Both sides are the same: a regression is not there to be found.")
        pairs = measure_gate(plan, contests, book, output)
    outcome = judge_gate(plan, pairs, machine_facts()["machine_id"])
    status = gate_status(outcome)
    try:
        path = write_outcome(book, plan, pairs, outcome, status)
    except OSError as error:
        raise StoreError(f"{book.folder} cannot be written: {error.strerror}.") from error
    return Gate(book, plan, outcome, status, path)


def _tell(gate: Gate, output: Output) -> None:
    outcome, path = gate.outcome, gate.path
    output.print(verdict_table(gate.plan, outcome))
    for sentence in sentences(outcome):
        output.complain(sentence)
    output.finish(
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
