"""`check-store`: find broken files in the reports folder; `--repair` moves them to quarantine."""

import argparse
import os

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.options import add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.core.text import sanitize_line
from bench.integrity.check import WHY, check_reports, repair
from bench.integrity.readers import Problem
from bench.system.timing_lock import default_lock_path, timing_lock


def add_check_store_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check-store`."""
    text = "move broken files to quarantine/; nothing is deleted"
    parser.add_argument("--repair", action="store_true", help=text)
    add_reports(parser)
    set_examples(parser, "check-store", "check-store --repair")


def check_store_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print every problem, with `--repair` move the broken files; the exit code is 4 if any remain.

    The command holds the timing lock, because a file that is being written would look broken. Raise
    MachineBusyError if a measurement runs, StoreError if the folder cannot be read or written.
    """
    with timing_lock(default_lock_path(), f"check of {arguments.reports}, process {os.getpid()}"):
        problems, examined = check_reports(arguments.reports)
        folder = repair(arguments.reports, problems) if arguments.repair else None
    if problems:
        console.print(_table(problems))
    broken = sum(problem.state != "foreign" for problem in problems)
    summary = f"{examined} files examined in {arguments.reports}: {broken} broken or left over"
    foreign = len(problems) - broken
    ending = f", {foreign} foreign (left in place)." if foreign else "."
    console.print_line(f"{summary}{ending}")
    if folder is not None:
        console.print_line(f"Moved to quarantine, with the reasons in {WHY}: {folder}")
    elif broken:
        console.print_line("`check-store --repair` moves them to quarantine/; nothing is deleted.")
    return ExitCode.OK if broken == 0 or folder is not None else ExitCode.STORE


def _table(problems: list[Problem]) -> Table:
    table = Table("", "file", "reason")
    for problem in problems:
        texts = (Text(sanitize_line(text)) for text in (str(problem.path), problem.why))
        table.add_row(problem.state, *texts)
    return table
