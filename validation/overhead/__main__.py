"""`python -m validation.overhead`: the cost of the harness, per epoch and per launch."""

import argparse
import os
import sys
from collections.abc import Sequence

from bench.cli.console import CommandConsole
from bench.cli.main import run_guarded
from bench.cli.options import add_pythons, add_reports, positive_int, read_pythons
from bench.cli.parser import SuggestingParser
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.storage.store import new_run_id
from bench.system.interpreter import find_interpreter
from bench.system.timing_lock import default_lock_path, timing_lock
from validation.overhead.run import measure_overhead


def make_overhead_parser() -> SuggestingParser:
    """Return the parser of `python -m validation.overhead`."""
    parser = SuggestingParser(
        prog="python -m validation.overhead",
        description="Measure the cost of the harness, per epoch and per launch.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--pairs", type=positive_int, default=300, metavar="N", help="pairs of epochs (300)")
    add("--launches", type=positive_int, default=20, metavar="N", help="pairs of launches (20)")
    add_pythons(parser)
    add_reports(parser)
    return parser


def overhead_main(words: Sequence[str] | None = None) -> int:
    """Run `python -m validation.overhead` and return its exit code."""
    arguments = make_overhead_parser().parse_args(words)
    return run_guarded(lambda console: _measure(arguments, console), "full")


def _measure(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Measure each backend under the machine's lock; the exit code is 1 if a part failed."""
    pythons = read_pythons(arguments)
    interpreters = [find_interpreter(b, pythons) for b in arguments.backend or BACKENDS]
    run_id = new_run_id()
    folder = arguments.reports / "overhead" / run_id
    with timing_lock(default_lock_path(), f"overhead {run_id}, process {os.getpid()}"):
        overhead = measure_overhead(
            interpreters,
            pairs=arguments.pairs,
            launches=arguments.launches,
            folder=folder,
            console=console,
        )
    for failure in overhead.failures:
        console.error(failure)
    console.print_line(f"Overhead: {folder / 'overhead.csv'}")
    return ExitCode.CELLS_FAILED if overhead.failures else ExitCode.OK


if __name__ == "__main__":
    sys.exit(overhead_main())
