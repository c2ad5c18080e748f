"""`doctor --store`: what in the reports folder is broken, and with --repair set aside."""

import argparse
import os

from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.core.text import sanitize_line
from bench.integrity.check import check_reports
from bench.integrity.readers import Problem
from bench.integrity.repair import WHY, repair
from bench.system.timing_lock import default_lock_path, timing_lock


def check_store(arguments: argparse.Namespace, output: CommandConsole) -> bool:
    """Tell what is not as it should be, repair it if asked, and return whether all is well now.

    Nothing may be measured meanwhile: what is written just then would look like left over. Raises
    MachineBusyError, and StoreError when the folder cannot be read or written.
    """
    with timing_lock(default_lock_path(), f"doctor of {arguments.reports}, process {os.getpid()}"):
        flaws, examined = check_reports(arguments.reports)
        folder = repair(arguments.reports, flaws) if arguments.repair else None
    if flaws:
        output.print(_table(flaws))
    broken = sum(flaw.state != "foreign" for flaw in flaws)
    said = f"{examined} files examined in {arguments.reports}: {broken} broken or left over"
    foreign = len(flaws) - broken
    output.print_line(f"{said}, {foreign} foreign (left alone)." if foreign else f"{said}.")
    if folder is not None:
        output.print_line(f"Set aside, with the reasons in {WHY}: {folder}")
    elif broken:
        output.print_line(
            "`doctor --store --repair` sets them aside in quarantine/; nothing is deleted."
        )
    return broken == 0 or folder is not None


def _table(flaws: list[Problem]) -> Table:
    table = Table("", "file", "why")
    for flaw in flaws:
        table.add_row(
            flaw.state, Text(sanitize_line(str(flaw.path))), Text(sanitize_line(flaw.why))
        )
    return table
