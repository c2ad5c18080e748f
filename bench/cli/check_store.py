"""`check-store`: find what is broken in the reports folder; `--repair` sets it aside."""

import argparse
import os

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.options import add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.core.text import sanitize_line
from bench.integrity.check import check_reports
from bench.integrity.readers import Problem
from bench.integrity.repair import WHY, repair
from bench.system.timing_lock import default_lock_path, timing_lock


def add_check_store_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `check-store`."""
    text = "move what is broken to quarantine/; nothing is deleted"
    parser.add_argument("--repair", action="store_true", help=text)
    add_reports(parser)
    set_examples(parser, "check-store", "check-store --repair")


def check_store_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print every file that is not sound, set it aside if asked; the exit code is 4 if any is left.

    Nothing may be measured meanwhile: a file that is just being written would look broken. Raises
    MachineBusyError, and StoreError when the folder cannot be read or written.
    """
    with timing_lock(default_lock_path(), f"check of {arguments.reports}, process {os.getpid()}"):
        flaws, examined = check_reports(arguments.reports)
        folder = repair(arguments.reports, flaws) if arguments.repair else None
    if flaws:
        console.print(_table(flaws))
    broken = sum(flaw.state != "foreign" for flaw in flaws)
    said = f"{examined} files examined in {arguments.reports}: {broken} broken or left over"
    foreign = len(flaws) - broken
    console.print_line(f"{said}, {foreign} foreign (left alone)." if foreign else f"{said}.")
    if folder is not None:
        console.print_line(f"Set aside, with the reasons in {WHY}: {folder}")
    elif broken:
        console.print_line("`check-store --repair` moves them to quarantine/; nothing is deleted.")
    return ExitCode.OK if broken == 0 or folder is not None else ExitCode.STORE


def _table(flaws: list[Problem]) -> Table:
    table = Table("", "file", "why")
    for flaw in flaws:
        table.add_row(
            flaw.state, Text(sanitize_line(str(flaw.path))), Text(sanitize_line(flaw.why))
        )
    return table
