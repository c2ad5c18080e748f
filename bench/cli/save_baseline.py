"""`save-baseline`: keep the records of runs as a named baseline."""

import argparse

from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.regression.accuracy.stored_baseline import save_baseline
from bench.storage.store import Store


def add_save_baseline_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the name, the runs and the options of `save-baseline`."""
    parser.add_argument("name", metavar="NAME", help="the name to store the runs under")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run ids")
    add_reports(parser)
    add_output(parser)
    set_examples(
        parser,
        "save-baseline main 20261101T120000Z-0a1b",
        "save-baseline v2 20261101T120000Z-0a1b 20261102T120000Z-0c2d",
    )


def save_baseline_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Copy the runs' records; raise BaselineError or StoreError if that is impossible."""
    folder = save_baseline(Store(arguments.reports), arguments.name, arguments.runs)
    facts = {"command": "save-baseline", "path": str(folder)}
    console.print_result("Baseline", folder, lambda: facts)
    return ExitCode.OK
