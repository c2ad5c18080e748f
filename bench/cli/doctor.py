"""`doctor`: check this machine for missing parts and for causes of noisy timings."""

import argparse

from bench.cli.console import CommandConsole
from bench.cli.list import print_rows
from bench.cli.options import add_pythons, add_reports, read_pythons, set_examples
from bench.core.exit_codes import ExitCode
from bench.system.diagnostics import examine


def add_doctor_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `doctor`."""
    add_pythons(parser)
    add_reports(parser)
    set_examples(parser, "doctor", "doctor --reports /mnt/reports")


def doctor_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print one row per finding; a NOTE is advice, so the exit code is always 0."""
    findings = examine(read_pythons(arguments), arguments.reports)
    rows = [("ok" if f.ok else "NOTE", f.what, f.seen) for f in findings]
    print_rows(("", "check", "result"), rows, console)
    return ExitCode.OK
