"""`python -m validation.keras_examples`: traits, stand-ins, runs and the table of the examples."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cli.console import CommandConsole
from bench.cli.main import run_guarded
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from validation.keras_examples.catalogue import find_examples, select
from validation.keras_examples.run import RunOptions, run_examples
from validation.keras_examples.stand_ins import write_stand_ins


def make_examples_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m validation.keras_examples`."""
    parser = argparse.ArgumentParser(
        prog="python -m validation.keras_examples",
        description="Run the examples that Keras publishes, unchanged, and say what came of them.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
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
    run.add_argument("--again", action="store_true", help="run what has a row already")
    return parser


def examples_main(words: Sequence[str] | None = None) -> int:
    """Run `python -m validation.keras_examples` and return its exit code."""
    arguments = make_examples_parser().parse_args(words)
    commands = {"stand-ins": _stand_ins, "run": _run}
    return run_guarded(lambda console: commands[arguments.command](arguments, console), "full")


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
        again=arguments.again,
    )
    examples = select(find_examples(arguments.examples), arguments.only)
    backends = arguments.backend or list(BACKENDS)
    rows = run_examples(examples, backends, options, console.print_line)
    failed = [row for row in rows if row.status != "ok"]
    return ExitCode.CELLS_FAILED if failed else ExitCode.OK


if __name__ == "__main__":
    sys.exit(examples_main())
