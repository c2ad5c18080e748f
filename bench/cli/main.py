"""The commands of `python -m bench`, and the exit code in which each error ends."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Final

from bench.cli.certify import certify
from bench.cli.compare import compare_runs, history_command
from bench.cli.console import CommandConsole
from bench.cli.doctor import check_store
from bench.cli.equivalence import equivalence_command
from bench.cli.gate import gate_command
from bench.cli.gate_accuracy import gate_accuracy, keep_baseline
from bench.cli.layers import time_layers
from bench.cli.list import print_findings, print_list
from bench.cli.parser import make_parser, read_pythons
from bench.cli.plan import plan_run, print_plan, print_plan_summary
from bench.cli.race import measure_race
from bench.cli.report import (
    comparison_rows,
    print_comparison,
    warn_unreadable,
    write_latest,
    write_run,
)
from bench.cli.resume import check_resume
from bench.cli.run import run_command
from bench.cli.trend import trend_command
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.suite import SuiteError
from bench.core.text import sanitize_line
from bench.core.workload import WorkloadNameError
from bench.parity.certificate import CertificateError
from bench.profiling.samples import LayersError
from bench.regression.accuracy.stored_baseline import BaselineError
from bench.regression.store import GateStoreError
from bench.regression.trend import TrendMissingError
from bench.regression.verdict import MarginError, StatisticsMissingError
from bench.report.files import ParquetError
from bench.report.tables.compare_runs import MismatchError
from bench.report.tables.history import UnknownCellError
from bench.report.tables.run_selection import SideError
from bench.storage.sessions import ResumeError
from bench.storage.store import Store, StoreError, UnknownRunError, new_run_id
from bench.system.interpreter import InterpreterError, find_interpreter
from bench.system.side import SideTextError
from bench.system.signals import handle_interruptions, interrupter
from bench.system.timing_lock import MachineBusyError, default_lock_path, timing_lock
from data.errors import DataError
from validation.gate.__main__ import prove_gate
from validation.gate.store import SampleStoreError
from validation.overhead.run import measure_overhead

#: What a user can do wrong: each ends in one sentence.
USER_ERRORS: Final = (
    *(SuiteError, WorkloadNameError, InterpreterError, DataError, ParquetError),
    *(SideError, MismatchError, UnknownCellError, SideTextError, CertificateError),
    *(LayersError,),
    *(BaselineError, MarginError, StatisticsMissingError, SampleStoreError, TrendMissingError),
    *(UnknownRunError, ResumeError, GateStoreError),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors of the user end in one sentence."""
    words = sys.argv[1:] if arguments is None else arguments
    parsed = make_parser().parse_args(words)
    handle_interruptions(interrupter())
    output = CommandConsole(parsed.mode)
    try:
        check_resume(parsed, words)
        code = _command(parsed.command)(parsed, output)
    except USER_ERRORS as error:
        return _complain(error, ExitCode.USAGE)
    except MachineBusyError as error:
        return _complain(error, ExitCode.BUSY)
    except StoreError as error:
        return _complain(error, ExitCode.STORE)
    except OSError as error:  # no descriptor, no room: the machine's, wherever it is met
        where = f" ({error.filename})" if error.filename else ""
        return _complain(f"The machine refused: {error.strerror}{where}.", ExitCode.STORE)
    except KeyboardInterrupt as stop:
        code = _complain(" ".join(("Interrupted.", *map(str, stop.args))), ExitCode.INTERRUPTED)
    if code == ExitCode.OK and output.failed:
        return ExitCode.STORE
    if code == ExitCode.INTERRUPTED:
        # Python's own end gives signals their default back, which would hide our exit code.
        handle_interruptions(signal.SIG_IGN)
    return code


def _command(name: str) -> Callable[[argparse.Namespace, CommandConsole], int]:
    commands: dict[str, Callable[[argparse.Namespace, CommandConsole], int]] = {
        "run": run_command,
        "plan": _plan,
        "race": measure_race,
        "steps": measure_race,
        "overhead": _overhead,
        "layers": time_layers,
        "gate": gate_command,
        "accuracy": gate_accuracy,
        "baseline": keep_baseline,
        "certify": certify,
        "equivalence": equivalence_command,
        "proof": prove_gate,
        "trend": trend_command,
        "report": _report,
        "compare": _compare,
        "history": _history,
        "list": _list,
        "doctor": _doctor,
    }
    return commands[name]


def _overhead(arguments: argparse.Namespace, output: CommandConsole) -> int:
    pythons = read_pythons(arguments)
    interpreters = [find_interpreter(b, pythons) for b in arguments.backend or BACKENDS]
    run_id = new_run_id()
    folder = arguments.reports / "overhead" / run_id
    with timing_lock(default_lock_path(), f"overhead {run_id}, process {os.getpid()}"):
        found = measure_overhead(
            interpreters,
            pairs=arguments.pairs,
            launches=arguments.launches,
            folder=folder,
            console=output,
        )
    for failure in found.failures:
        output.error(failure)
    output.print_line(f"Overhead: {folder / 'overhead.csv'}")
    return ExitCode.CELLS_FAILED if found.failures else ExitCode.OK


def _plan(arguments: argparse.Namespace, output: CommandConsole) -> int:
    steps = plan_run(arguments, Store(arguments.reports))
    print_plan(steps, output)
    print_plan_summary(steps, output)
    return ExitCode.USAGE if all(step.action == "blocked" for step in steps) else ExitCode.OK


def _report(arguments: argparse.Namespace, output: CommandConsole) -> int:
    store = Store(arguments.reports)
    paths = {}
    for run_id in arguments.runs or store.run_ids():
        paths[run_id] = str(write_run(store, run_id, parquet=arguments.parquet))
        output.print_line(f"Wrote {paths[run_id]}")
    path, latest = write_latest(store, parquet=arguments.parquet)
    print_comparison(store, latest, output)
    warn_unreadable(store)
    output.print_result(
        "Comparison",
        path,
        lambda: {
            "command": "report",
            "counts": {"runs": len(paths), "records": len(latest)},
            "paths": {"csv": str(path), "runs": paths},
            "rows": comparison_rows(latest),
        },
    )
    return ExitCode.OK


def _compare(arguments: argparse.Namespace, output: CommandConsole) -> int:
    compare_runs(arguments, output)
    return ExitCode.OK


def _history(arguments: argparse.Namespace, output: CommandConsole) -> int:
    history_command(arguments, output)
    return ExitCode.OK


def _list(arguments: argparse.Namespace, output: CommandConsole) -> int:
    print_list(read_pythons(arguments), output)
    return ExitCode.OK


def _doctor(arguments: argparse.Namespace, output: CommandConsole) -> int:
    if arguments.store or arguments.repair:
        return ExitCode.OK if check_store(arguments, output) else ExitCode.STORE
    print_findings(read_pythons(arguments), arguments.reports, output)
    return ExitCode.OK


def _complain(error: Exception | str, code: ExitCode) -> int:
    print(sanitize_line(str(error)), file=sys.stderr)
    return code
