"""`list`: print the available workloads, datasets, suites and backends."""

import argparse
from collections.abc import Iterable, Sequence

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.options import add_pythons, read_pythons, set_examples
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.suite import load_suite, suite_names
from bench.core.text import sanitize_line
from bench.core.workload import USER_SCRIPTS, USER_WORKLOADS
from bench.system.interpreter import InterpreterError, find_interpreter
from data.registry import DATASETS, USER_DATASETS
from models.table import WORKLOADS


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `list`."""
    add_pythons(parser)
    set_examples(parser, "list", "list --python torch=/opt/torch/bin/python")


def list_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print workloads, datasets, suites and the interpreters of the backends."""
    pythons = read_pythons(arguments)
    rows = [("workload", name, workload.summary) for name, workload in WORKLOADS.items()]
    rows += [
        ("workload", name, summary) for name, summary in {**USER_WORKLOADS, **USER_SCRIPTS}.items()
    ]
    rows += [("dataset", name, summary) for name, summary in {**DATASETS, **USER_DATASETS}.items()]
    rows += [("suite", name, load_suite(name).description) for name in suite_names()]
    for backend in BACKENDS:
        try:
            rows.append(("backend", backend, find_interpreter(backend, pythons).python))
        except InterpreterError as error:
            rows.append(("backend", backend, f"missing: {error}"))
    print_rows(("kind", "name", "description"), rows, console)
    return ExitCode.OK


def print_rows(
    headings: Sequence[str], rows: Iterable[Sequence[str]], console: CommandConsole
) -> None:
    """Print a table of texts, without terminal control characters."""
    table = Table(*headings)
    for row in rows:
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    console.print(table)
