"""Options that several commands share, and what they choose."""

import argparse
from pathlib import Path
from typing import Final

from bench.core.cell import BACKENDS, DEVICES, LANES, PRECISIONS, TASKS, Cell
from bench.core.suite import Overrides, expand, load_suite, suite_names
from bench.storage.store import default_reports_folder
from bench.system.interpreter import parse_choices
from data.registry import parse_name

#: Two hours: longer than any cell of the suites takes on two cores, so that only a hang meets it.
DEFAULT_TIMEOUT_SECONDS: Final = 7200.0
#: The fewest rounds over which a median has a 95% interval.
FEWEST_ROUNDS: Final = 6


def set_examples(parser: argparse.ArgumentParser, *examples: str) -> None:
    """Show these command lines, each without `python -m bench`, below the command's options."""
    lines = (f"  python -m bench {example}" for example in examples)
    parser.epilog = "examples:\n" + "\n".join(lines)


def add_selection(parser: argparse.ArgumentParser, suite: str) -> None:
    """Add the choice of a suite, and of what is changed in it."""
    add = parser.add_argument
    suites = ", ".join(suite_names())
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
    """Raise UnknownDatasetError or BadOptionError where `--dataset` names no dataset."""
    if arguments.dataset is not None:
        parse_name(arguments.dataset)


def read_cells(arguments: argparse.Namespace) -> list[Cell]:
    """Return the cells that the options of `add_selection` choose.

    Raises SuiteError, WorkloadNameError or a DataError for a wrong one.
    """
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
    """Add the workloads by position, and the dataset that they are tried on."""
    add = parser.add_argument
    add("workloads", nargs="*", metavar="NAME|FILE.py:FUNCTION", help=f"default: {default}")
    add("--dataset", metavar="NAME", help="whose images are used (one without a download)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")


def add_unsafe(parser: argparse.ArgumentParser) -> None:
    """Add the permission to run a saved model's own code."""
    text = "run the code inside of .keras files, as of a Lambda layer; only if you trust them"
    parser.add_argument("--unsafe-keras", action="store_true", help=text)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the choice of how much is printed."""
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
    """Add the margin in accuracy; `text` names its effect."""
    parser.add_argument(
        "--margin",
        type=positive_float,
        default=1.0,
        metavar="POINTS",
        help=f"{text}; a point is 0.01 of val_accuracy (%(default)g)",
    )


def add_sides(parser: argparse.ArgumentParser) -> "argparse._MutuallyExclusiveGroup":
    """Add the two sides; the group returned holds the candidate's option, which is required."""
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
    """Add the number of records of a cell, and whether stored ones count."""
    add = parser.add_argument
    add("--repeats", type=positive_int, default=1, metavar="N", help="records per cell (1)")
    add("--fresh", action="store_true", help="train again what is stored")


def add_rounds(parser: argparse.ArgumentParser, default: int) -> None:
    """Add the number of rounds."""
    parser.add_argument(
        "--rounds",
        type=positive_int,
        default=default,
        metavar="N",
        help=f"rounds; {FEWEST_ROUNDS} or more give an interval (default: %(default)s)",
    )


def add_resume(parser: "argparse._ActionsContainer", what: str) -> None:
    """Add the option that continues an interrupted `what`."""
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar=f"{what.upper()}_ID",
        help=f"continue an interrupted {what} with its own options (default: the newest)",
    )


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """Add the longest time of a launch."""
    parser.add_argument(
        "--timeout",
        type=positive_float,
        default=DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="longest time of one launch, and of a dataset function (default: %(default)g)",
    )


def add_pythons(parser: argparse.ArgumentParser) -> None:
    """Add the interpreters of the backends."""
    parser.add_argument(
        "--python",
        action="append",
        metavar="BACKEND=PATH",
        help="the interpreter of a backend (default: its tox environment, else this one)",
    )


def read_pythons(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the interpreters that `--python` names, by backend."""
    return parse_choices(arguments.python or [])


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Add the folder in which everything is stored."""
    parser.add_argument(
        "--reports",
        type=Path,
        default=default_reports_folder(),
        metavar="DIR",
        help="the folder of runs/ and latest/ (default: KERAS_BENCH_REPORTS or reports/)",
    )


def positive_int(text: str) -> int:
    """Return a whole number from 1; argparse turns the error into a sentence."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is below 1")
    return value


def positive_float(text: str) -> float:
    """Return a finite number above 0; argparse turns the error into a sentence."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a finite number above 0")
    return value
