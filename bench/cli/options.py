"""The options of the command line, in groups that commands share."""

import argparse
from pathlib import Path

from bench.core.cell import BACKENDS, DEVICES, LANES, PRECISIONS, TASKS
from bench.core.suite import suite_names
from bench.storage.store import default_reports_folder
from validation.gate.rows import KINDS

_KINDS = ", ".join(KINDS)
#: Two hours: longer than any cell of the suites takes on two cores, so that only a hang meets it.
DEFAULT_TIMEOUT_SECONDS = 7200.0

#: Enough for intervals of a few percent on a quiet machine; about a quarter of an hour.
DEFAULT_RACE_ROUNDS = 16
#: The fewest rounds over which a median has a 95% interval.
FEWEST_ROUNDS = 6


def add_selection(parser: argparse.ArgumentParser, suite: str) -> None:
    """What is trained: a suite, and what is changed in it."""
    add = parser.add_argument
    suites = ", ".join(suite_names())
    add("--suite", default=suite, metavar="NAME|FILE", help=f"{suites} or a TOML file ({suite})")
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--workload", action="append", metavar="NAME|FILE.py:FUNCTION|…", help="repeatable")
    add("--dataset", metavar="NAME|npz:PATH|…", help="instead of the suite's, as `list` names it")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy: DIR/cifar-10-batches-bin/")
    add("--epochs", type=int, metavar="N")
    add("--batch-size", type=int, action="append", metavar="N", help="repeatable")
    add("--seed", type=int, metavar="N")
    add("--seeds", type=_positive_int, metavar="N", help="each cell with the seeds 0 to N - 1")
    add("--device", choices=DEVICES)
    add("--lane", action="append", choices=LANES, help="instead of the suite's; repeatable")
    add("--task", action="append", choices=TASKS, help="instead of the suite's; repeatable")
    add("--precision", action="append", choices=PRECISIONS, help="the same; repeatable")
    add("--limit-train", type=int, metavar="N", help="train on the first N images only")
    add("--limit-test", type=int, metavar="N", help="validate on the first N images only")
    _add_unsafe(parser)
    add_reports(parser)


def _add_unsafe(parser: argparse.ArgumentParser) -> None:
    text = "run the code inside of .keras files, as of a Lambda layer; only if you trust them"
    parser.add_argument("--unsafe-keras", action="store_true", help=text)


def add_report(parser: argparse.ArgumentParser) -> None:
    """Which runs are written again, and as what."""
    add = parser.add_argument
    add("runs", nargs="*", metavar="RUN", help="run ids (default: all, and latest)")
    add("--parquet", action="store_true", help="write NAME.parquet beside every CSV")
    add_reports(parser)
    add_output(parser)


def add_compare(parser: argparse.ArgumentParser) -> None:
    """The two runs."""
    add = parser.add_argument
    add("run_a", metavar="RUN_A", help="a run id, or a folder that holds records/")
    add("run_b", metavar="RUN_B", help="what is compared with it")
    add("--across-machines", action="store_true", help="even if they ran on different machines")
    add_reports(parser)
    add_output(parser)


def add_history(parser: argparse.ArgumentParser) -> None:
    """The cell."""
    parser.add_argument("cell", metavar="CELL", help="a cell's id, or a part that no other has")
    add_reports(parser)
    add_output(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """How much is printed."""
    group = parser.add_mutually_exclusive_group()
    for mode, text in (
        ("quiet", "print errors and the path of the result alone"),
        ("json", "print one JSON object at the end, and errors"),
    ):
        group.add_argument(
            f"--{mode}",
            dest="mode",
            action="store_const",
            const=mode,
            default=argparse.SUPPRESS,
            help=text,
        )


def add_gate(parser: argparse.ArgumentParser) -> None:
    """The two sides and the margins of a gate."""
    add = parser.add_argument
    add_resume(add_sides(parser), "gate")
    for name, default, text in (
        ("noise-threshold", 2.0, "slower by less than this is noise"),
        ("fail-threshold", 5.0, "slower by this or more must fail"),
    ):
        text += f" ({default:g})"
        add(f"--{name}", type=_positive_float, default=default, metavar="PERCENT", help=text)
    add_timeout(parser)


def add_accuracy(parser: argparse.ArgumentParser) -> None:
    """The two sides and the margin in accuracy."""
    add_sides(parser)
    _add_margin(parser, "worse by this is not accepted")


def _add_margin(parser: argparse.ArgumentParser, text: str) -> None:
    parser.add_argument(
        "--margin",
        type=_positive_float,
        default=1.0,
        metavar="POINTS",
        help=f"{text}; a point is 0.01 of val_accuracy (%(default)g)",
    )


def add_sides(parser: argparse.ArgumentParser) -> "argparse._MutuallyExclusiveGroup":
    """The two sides; the candidate's option, which must be given, is in the group returned."""
    side = "python=PATH,src=DIR,env.NAME=VALUE"
    parser.add_argument(
        "--baseline",
        default="",
        metavar="SIDE",
        help=f"{side} (default: this checkout), or baseline=NAME for kept records",
    )
    candidate = parser.add_mutually_exclusive_group(required=True)
    candidate.add_argument("--candidate", metavar="SIDE", help=side)
    return candidate


def add_certify(parser: argparse.ArgumentParser) -> None:
    """What is certified, on which images, from which weights."""
    add = parser.add_argument
    add("workloads", nargs="*", metavar="NAME|FILE.py:FUNCTION", help="default: all in models/")
    add("--backend", action="append", choices=BACKENDS, help="two or more; default: all")
    add("--dataset", metavar="NAME", help="whose images are used (one without a download)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")
    add("--batch-size", type=_positive_int, default=16, metavar="N", help="images a step (16)")
    add("--steps", type=_positive_int, default=10, metavar="N", help="of the trajectory (10)")
    add("--seed", type=int, default=0, metavar="N", help="of the weights (0)")
    _add_unsafe(parser)
    add_pythons(parser)
    add_reports(parser)
    add_output(parser)


def add_doctor(parser: argparse.ArgumentParser) -> None:
    """Whether the reports folder is looked at instead of the machine."""
    add = parser.add_argument
    add("--store", action="store_true", help="is everything in the reports folder whole?")
    add("--repair", action="store_true", help="the same; what is broken goes to quarantine/")


def add_equivalence(parser: argparse.ArgumentParser) -> None:
    """What is trained on every backend, and over how many seeds."""
    add = parser.add_argument
    add("--workload", action="append", metavar="NAME|FILE.py:FUNCTION", help="(lab_baseline)")
    add("--backend", action="append", choices=BACKENDS, help="two or more; default: all")
    add("--dataset", metavar="NAME", help="instead of the suite's (digits)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")
    add("--epochs", type=_positive_int, metavar="N")
    add("--pilot", type=_positive_int, default=8, metavar="N", help="seeds for the spread (8)")
    add("--most", type=_positive_int, default=60, metavar="N", help="seeds that are judged (60)")
    add_pythons(parser)
    _add_margin(parser, "apart by this is not equivalent")
    add_timeout(parser)
    add_reports(parser)
    add_output(parser)


def add_proof(parser: argparse.ArgumentParser) -> None:
    """Which parts of the proof, and how much of each."""
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help="simulated, real, accuracy (default: count only)")
    add("--suites", type=_positive_int, default=600, metavar="N", help="simulated ones (600)")
    add("--minutes", type=_positive_float, default=60.0, metavar="N", help="for real gates (60)")
    add("--backend", action="append", choices=BACKENDS, help="of real gates; repeatable")
    add("--kind", action="append", choices=KINDS, metavar="KIND", help=f"only such: {_KINDS}")
    add("--candidate", default="", metavar="SIDE", help="for accuracy: a side with a fault")
    add("--seeds", type=_positive_int, default=100, metavar="N", help="for accuracy, a side (100)")
    add("--folder", type=Path, metavar="DIR", help="of the rows (reports/published/gate-proof)")
    add("--gather", type=Path, action="append", metavar="DIR", help="take over its real gates too")
    add("--data-dir", type=Path, help=argparse.SUPPRESS)
    add_timeout(parser)
    add_reports(parser)
    add_output(parser)


def add_overhead(parser: argparse.ArgumentParser) -> None:
    """How many pairs of epochs and of launches."""
    add = parser.add_argument
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--pairs", type=_positive_int, default=300, metavar="N", help="pairs of epochs (300)")
    add("--launches", type=_positive_int, default=20, metavar="N", help="pairs of launches (20)")
    add_pythons(parser)
    add_reports(parser)


def add_layers(parser: argparse.ArgumentParser) -> None:
    """Whose layers are timed, on what, and how often; or where raw rows are."""
    add = parser.add_argument
    add("workloads", nargs="*", metavar="NAME|FILE.py:FUNCTION", help="default: lab_baseline")
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--dataset", metavar="NAME", help="whose images are used (one without a download)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")
    add("--batch-size", type=_positive_int, metavar="N", help="instead of the recipe's")
    add("--device", choices=DEVICES, default="cpu")
    add_rounds(parser, FEWEST_ROUNDS)
    add("--from", dest="source", type=Path, metavar="DIR", help="only make its tables again")
    add_timeout(parser)
    add_pythons(parser)
    add_reports(parser)
    add_output(parser)


def add_repeats(parser: argparse.ArgumentParser) -> None:
    """How many records of a cell, and whether stored ones count."""
    add = parser.add_argument
    add("--repeats", type=_positive_int, default=1, metavar="N", help="records per cell (1)")
    add("--fresh", action="store_true", help="train again what is stored")


def add_rounds(parser: argparse.ArgumentParser, default: int) -> None:
    """How many rounds."""
    parser.add_argument(
        "--rounds",
        type=_positive_int,
        default=default,
        metavar="N",
        help=f"rounds; {FEWEST_ROUNDS} or more give an interval (default: %(default)s)",
    )


def add_resume(parser: "argparse._ActionsContainer", what: str) -> None:
    """Continue what was interrupted."""
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar=f"{what.upper()}_ID",
        help=f"continue an interrupted {what} as it was begun (default: the newest)",
    )


def add_timeout(parser: argparse.ArgumentParser) -> None:
    """The longest time of a launch."""
    parser.add_argument(
        "--timeout",
        type=_positive_float,
        default=DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="longest time of one launch (default: %(default)g)",
    )


def add_pythons(parser: argparse.ArgumentParser) -> None:
    """The interpreters."""
    parser.add_argument(
        "--python",
        action="append",
        metavar="BACKEND=PATH",
        help="the interpreter of a backend (default: its tox environment, else this one)",
    )


def add_reports(parser: argparse.ArgumentParser) -> None:
    """Where everything is stored."""
    parser.add_argument(
        "--reports",
        type=Path,
        default=default_reports_folder(),
        metavar="DIR",
        help="the folder of runs/ and latest/ (default: KERAS_BENCH_REPORTS or reports/)",
    )


def _positive_int(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return value
