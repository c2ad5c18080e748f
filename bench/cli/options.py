"""Options that several commands share, and the functions that read them."""

import argparse
from pathlib import Path
from typing import Final

from bench.cli.script_options import read_script, script_cells
from bench.core.cell import BACKENDS, DEVICES, LANES, OWN_DATA, PRECISIONS, TASKS, Cell
from bench.core.suite import Overrides, expand, load_suite, suite_names
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS
from bench.storage.store import default_reports_folder
from bench.system.interpreter import parse_choices, with_tensorflow
from data.registry import parse_name

#: The fewest rounds over which a median has a 95% interval.
FEWEST_ROUNDS: Final = 6


def set_examples(parser: argparse.ArgumentParser, *examples: str) -> None:
    """Show these command lines, each without `python -m bench`, below the command's options."""
    lines = (f"  python -m bench {example}" for example in examples)
    parser.epilog = "examples:\n" + "\n".join(lines)


def add_selection(parser: argparse.ArgumentParser, suite: str) -> None:
    """Add the options that select a suite and change its cells."""
    add = parser.add_argument
    suites = ", ".join(suite_names())
    parser.set_defaults(default_suite=suite)
    add("--suite", default=suite, metavar="NAME|FILE", help=f"{suites} or a TOML file ({suite})")
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    changed = "instead of the suite's; repeatable"
    add("--workload", action="append", metavar="NAME|FILE.py:FUNCTION|…", help=changed)
    add("--dataset", metavar="NAME|npz:PATH|…", help="instead of the suite's, as `list` names it")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy: DIR/cifar-10-batches-bin/")
    add("--epochs", type=int, metavar="N", help="instead of the suite's")
    add("--batch-size", type=int, action="append", metavar="N", help=changed)
    add(
        "--seed",
        type=int,
        metavar="N",
        help="instead of the suite's: the seed of all random numbers",
    )
    add("--seeds", type=positive_int, metavar="N", help="each cell with the seeds 0 to N - 1")
    add("--device", choices=DEVICES, help="instead of the suite's")
    add("--lane", action="append", choices=LANES, help=changed)
    add("--task", action="append", choices=TASKS, help=changed)
    add("--precision", action="append", choices=PRECISIONS, help=changed)
    add("--limit-train", type=int, metavar="N", help="train on the first N images only")
    add("--limit-test", type=int, metavar="N", help="validate on the first N images only")
    add_unsafe(parser)
    add_reports(parser)


def check_dataset(arguments: argparse.Namespace) -> None:
    """Raise UnknownDatasetError or BadOptionError if `--dataset` is not a valid dataset."""
    if arguments.dataset not in (None, OWN_DATA):
        parse_name(arguments.dataset)


def read_cells(arguments: argparse.Namespace) -> list[Cell]:
    """Return the cells that the options of `add_selection` select, or those of a script.

    Raise SuiteError, WorkloadNameError, ScriptNameError, ScriptOptionError or a DataError for an
    invalid option.
    """
    if (script := read_script(arguments)) is not None:
        return script_cells(script, arguments)
    check_dataset(arguments)
    return expand(load_suite(arguments.suite), _overrides(arguments), arguments.suite)


def _overrides(arguments: argparse.Namespace) -> Overrides:
    return Overrides(
        backends=tuple(arguments.backend or ()),
        workloads=tuple(arguments.workload or ()),
        dataset=arguments.dataset,
        batch_sizes=tuple(arguments.batch_size or ()),
        epochs=arguments.epochs,
        seeds=_seeds(arguments),
        device=arguments.device,
        limit_train=arguments.limit_train,
        limit_test=arguments.limit_test,
        lanes=tuple(arguments.lane or ()),
        tasks=tuple(arguments.task or ()),
        precisions=tuple(arguments.precision or ()),
        unsafe_keras=arguments.unsafe_keras,
    )


def _seeds(arguments: argparse.Namespace) -> tuple[int, ...]:
    if arguments.seeds is not None:
        return tuple(range(arguments.seeds))
    return () if arguments.seed is None else (arguments.seed,)


def add_workloads(parser: argparse.ArgumentParser, default: str) -> None:
    """Add the workloads as positional arguments, and the dataset on which they run."""
    add = parser.add_argument
    add("workloads", nargs="*", metavar="NAME|FILE.py:FUNCTION", help=f"default: {default}")
    text = "dataset of the images (default: one without a download)"
    add("--dataset", metavar="NAME", help=text)
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of the dataset")


def add_unsafe(parser: argparse.ArgumentParser) -> None:
    """Add the permission to run code that a saved model contains."""
    text = "run code inside .keras files, such as Lambda layers; only for files that you trust"
    parser.add_argument("--unsafe-keras", action="store_true", help=text)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the options that select the output mode."""
    group = parser.add_mutually_exclusive_group()
    for mode, text in (
        ("quiet", "print only errors and the path of the result"),
        ("json", "print errors, and at the end one JSON object"),
    ):
        group.add_argument(
            f"--{mode}",
            dest="mode",
            action="store_const",
            const=mode,
            default=argparse.SUPPRESS,
            help=text,
        )


def add_margin(parser: argparse.ArgumentParser, text: str) -> None:
    """Add the margin of the headline metric; `text` describes its effect."""
    parser.add_argument(
        "--margin",
        type=positive_float,
        default=1.0,
        metavar="POINTS",
        help=f"{text}; a point is 0.01 of val_accuracy, or 1%% of a loss (%(default)g)",
    )


def add_sides(parser: argparse.ArgumentParser) -> "argparse._MutuallyExclusiveGroup":
    """Add the two sides; return the required group that contains the candidate's option."""
    side = "python=PATH,src=DIR,env.NAME=VALUE"
    parser.add_argument(
        "--baseline",
        default="",
        metavar="SIDE",
        help=f"{side} (default: this checkout), or baseline=NAME for stored records",
    )
    candidate = parser.add_mutually_exclusive_group(required=True)
    candidate.add_argument("--candidate", metavar="SIDE", help=side)
    return candidate


def add_repeats(parser: argparse.ArgumentParser) -> None:
    """Add the number of records per cell, and the option to ignore stored ones."""
    add = parser.add_argument
    add("--repeats", type=positive_int, default=1, metavar="N", help="records per cell (1)")
    add("--fresh", action="store_true", help="train stored cells again")


def add_rounds(parser: argparse.ArgumentParser, default: int) -> None:
    """Add the number of rounds of a race."""
    parser.add_argument(
        "--rounds",
        type=positive_int,
        default=default,
        metavar="N",
        help=f"rounds; {FEWEST_ROUNDS} or more give an interval (default: %(default)s)",
    )


def add_resume(parser: "argparse._ActionsContainer", noun: str) -> None:
    """Add the option that continues an interrupted `noun`, such as a run or a gate."""
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar=f"{noun.upper()}_ID",
        help=f"continue an interrupted {noun} with its original options (default: the newest)",
    )


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add the time limit of a launch."""
    parser.add_argument(
        "--timeout",
        type=positive_float,
        default=DATASET_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="time limit of a launch and of a dataset function (default: %(default)g)",
    )


def add_pythons(parser: argparse.ArgumentParser) -> None:
    """Add the option that names the interpreter of a backend."""
    parser.add_argument(
        "--python",
        action="append",
        metavar="BACKEND=PATH",
        help="the interpreter of a backend (default: its tox environment, else this one)",
    )
    parser.add_argument(
        "--with-tensorflow",
        action="store_true",
        help="TensorFlow beside jax and torch, for preprocessing that needs it",
    )


def read_pythons(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the interpreters that `--python` and `--with-tensorflow` name, by backend."""
    chosen = parse_choices(arguments.python or [])
    return with_tensorflow(chosen) if arguments.with_tensorflow else chosen


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the folder in which records and reports are stored."""
    parser.add_argument(
        "--reports",
        type=Path,
        default=default_reports_folder(),
        metavar="DIR",
        help="the folder of runs/ and latest/ (default: KERAS_BENCH_REPORTS or reports/)",
    )


def positive_int(text: str) -> int:
    """Return an integer of at least 1; argparse turns the error into a message."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def positive_float(text: str) -> float:
    """Return a finite number above 0; argparse turns the error into a message."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return value
