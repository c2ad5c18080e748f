"""What there is to choose from, and what this machine lacks."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.core.cell import BACKENDS
from bench.core.suite import load_suite, suite_names
from bench.core.text import sanitize_line
from bench.core.workload import USER_WORKLOADS
from bench.system.diagnostics import examine
from bench.system.interpreter import InterpreterError, find_interpreter
from data.registry import DATASETS, USER_DATASETS
from models.table import WORKLOADS


def print_list(pythons: Mapping[str, str], output: CommandConsole) -> None:
    """Print workloads, datasets, suites and the interpreters of the backends."""
    rows = [("workload", name, workload.summary) for name, workload in WORKLOADS.items()]
    rows += [("workload", name, summary) for name, summary in USER_WORKLOADS.items()]
    rows += [("dataset", name, summary) for name, summary in {**DATASETS, **USER_DATASETS}.items()]
    rows += [("suite", name, load_suite(name).description) for name in suite_names()]
    for backend in BACKENDS:
        try:
            rows.append(("backend", backend, find_interpreter(backend, pythons).python))
        except InterpreterError as error:
            rows.append(("backend", backend, f"missing: {error}"))
    _print_rows(("kind", "name", "what"), rows, output)


def print_findings(pythons: Mapping[str, str], reports: Path, output: CommandConsole) -> None:
    """Print what is missing and what makes timings noisy."""
    findings = examine(pythons, reports)
    rows = [("ok" if f.ok else "NOTE", f.what, f.seen) for f in findings]
    _print_rows(("", "what", "seen"), rows, output)


def _print_rows(head: Sequence[str], rows: Iterable[Sequence[str]], output: CommandConsole) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    output.print(table)
