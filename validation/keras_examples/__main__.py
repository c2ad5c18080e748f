"""`python -m validation.keras_examples`: traits, stand-ins, runs and the table of the examples."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cli.console import CommandConsole
from bench.cli.main import run_guarded
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from validation.keras_examples.catalogue import find_examples, select
from validation.keras_examples.environment import make_environment
from validation.keras_examples.rows import read_example_rows
from validation.keras_examples.run import RunOptions, run_examples
from validation.keras_examples.stand_ins import write_stand_ins
from validation.keras_examples.table import write_page
from validation.keras_examples.traits import write_traits

#: The rows from which the page of the documentation was made.
EXAMPLE_ROWS = CHECKOUT / "validation" / "keras_examples" / "rows.jsonl"
EXAMPLES_PAGE = CHECKOUT / "docs" / "results" / "keras-examples.md"


def make_examples_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m validation.keras_examples`."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.keras_examples",
        description="Run the examples that Keras publishes, unchanged, and say what came of them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    setup = commands.add_parser("setup", help="make the environment in which all examples run")
    setup.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    traits = commands.add_parser("traits", help="count what the examples use, as CSV")
    traits.add_argument("examples", type=Path, help="the folder examples/keras_io of keras-core")
    traits.add_argument("--to", type=Path, required=True, metavar="FILE")
    table = commands.add_parser("table", help="write the page of the documentation from the rows")
    table.add_argument("examples", type=Path, help="the folder examples/keras_io of keras-core")
    table.add_argument("--rows", type=Path, default=EXAMPLE_ROWS, help="the rows.jsonl of `run`")
    table.add_argument("--to", type=Path, default=EXAMPLES_PAGE, metavar="FILE")
    stand_ins = commands.add_parser("stand-ins", help="write the small files that examples need")
    stand_ins.add_argument("--to", type=Path, required=True, metavar="FOLDER")
    run = commands.add_parser("run", help="run each example under each of its backends")
    run.add_argument("examples", type=Path, help="the folder examples/keras_io of keras-core")
    run.add_argument("--python", type=Path, required=True, help="the interpreter of `setup`")
    run.add_argument("--stand-ins", type=Path, required=True, metavar="FOLDER")
    run.add_argument("--folder", type=Path, required=True, help="where they run and rows are kept")
    run.add_argument("--only", action="append", default=[], metavar="NAME")
    run.add_argument("--backend", action="append", choices=BACKENDS)
    run.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS")
    run.add_argument(
        "--way",
        choices=("plain", "bench"),
        default="plain",
        help="by plain Python, or measured by `python -m bench run --script`",
    )
    run.add_argument("--again", action="store_true", help="run what has a row already")
    return parser


def examples_main(words: Sequence[str] | None = None) -> int:
    """Run `python -m validation.keras_examples` and return its exit code."""
    arguments = make_examples_parser().parse_args(words)
    commands = {
        "setup": _setup,
        "traits": _traits,
        "stand-ins": _stand_ins,
        "run": _run,
        "table": _table,
    }
    return run_guarded(lambda console: commands[arguments.command](arguments, console), "full")


def _setup(arguments: argparse.Namespace, console: CommandConsole) -> int:
    console.print_line(f"The interpreter for `run --python`: {make_environment(arguments.to)}")
    return ExitCode.OK


def _traits(arguments: argparse.Namespace, console: CommandConsole) -> int:
    table = write_traits(find_examples(arguments.examples), arguments.to)
    console.print_line(f"{len(table)} examples in {arguments.to}")
    return ExitCode.OK


def _table(arguments: argparse.Namespace, console: CommandConsole) -> int:
    rows = read_example_rows(arguments.rows)
    write_page(find_examples(arguments.examples), rows, arguments.to)
    console.print_line(f"{len(rows)} rows in {arguments.to}")
    return ExitCode.OK


def _stand_ins(arguments: argparse.Namespace, console: CommandConsole) -> int:
    count = write_stand_ins(arguments.to)
    console.print_line(f"{count} files in {arguments.to}")
    return ExitCode.OK


def _run(arguments: argparse.Namespace, console: CommandConsole) -> int:
    options = RunOptions(
        python=arguments.python,
        stand_ins=arguments.stand_ins,
        folder=arguments.folder.resolve(),
        timeout_seconds=arguments.timeout,
        way=arguments.way,
        again=arguments.again,
    )
    examples = select(find_examples(arguments.examples), arguments.only)
    backends = arguments.backend or list(BACKENDS)
    rows = run_examples(examples, backends, options, console.print_line)
    failed = [row for row in rows if row.status != "ok"]
    return ExitCode.CELLS_FAILED if failed else ExitCode.OK


if __name__ == "__main__":
    sys.exit(examples_main())
