"""The command line's grammar: sub-commands, their options and what they mean."""

import argparse
from pathlib import Path

from bench.cell import BACKENDS, DEVICES, LANES
from bench.interpreter import parse_choices
from bench.store import default_reports_folder
from bench.suite import Choices, suite_names

#: Two hours: longer than any cell of the suites takes on two cores, so that only a hang meets it.
DEFAULT_TIMEOUT_SECONDS = 7200.0

#: Enough for intervals of a few percent on a quiet machine; about a quarter of an hour.
DEFAULT_RACE_ROUNDS = 16
#: The fewest rounds over which a median has a 95% interval.
FEWEST_ROUNDS = 6


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m bench`."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Train the same Keras 3 models on JAX, TensorFlow and PyTorch, and compare.",
    )
    parser.set_defaults(mode="full")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_measuring(commands)
    _add_judging(commands)
    overhead = commands.add_parser("overhead", help="measure what the harness itself costs")
    _add_overhead(overhead)

    report = commands.add_parser("report", help="write all CSVs again from the records alone")
    _add_report(report)
    compare = commands.add_parser("compare", help="compare two runs, cell by cell")
    _add_compare(compare)
    history = commands.add_parser("history", help="one cell over all runs, with what changed")
    _add_history(history)

    listing = commands.add_parser("list", help="workloads, datasets, suites, backends")
    _add_pythons(listing)
    doctor = commands.add_parser("doctor", help="what is missing, and what makes timings noisy")
    _add_pythons(doctor)
    _add_reports(doctor)
    return parser


def _add_judging(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that judge a candidate against a baseline."""
    gate = commands.add_parser("gate", help="is a candidate slower than a baseline? in lock-step")
    _add_selection(gate, suite="gate")
    _add_gate(gate)
    _add_output(gate)
    accuracy = commands.add_parser("accuracy", help="is a candidate less accurate? over seeds")
    _add_selection(accuracy, suite="quick")
    _add_accuracy(accuracy)
    _add_timeout(accuracy)
    _add_output(accuracy)
    proof = commands.add_parser("proof", help="how often is the gate wrong? known answers, counted")
    _add_proof(proof)
    certify = commands.add_parser("certify", help="do the backends compute the same function?")
    _add_certify(certify)
    trend = commands.add_parser("trend", help="what changed over many gates with one baseline?")
    _add_reports(trend)
    _add_output(trend)
    baseline = commands.add_parser("baseline", help="keep runs as a named baseline")
    baseline.add_argument("name", metavar="NAME")
    baseline.add_argument("runs", nargs="+", metavar="RUN", help="run ids")
    _add_reports(baseline)
    _add_output(baseline)


def _add_measuring(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that have a suite of cells."""
    run = commands.add_parser("run", help="train what is not stored yet, then report")
    _add_selection(run, suite="quick")
    _add_pythons(run)
    _add_repeats(run)
    _add_timeout(run)
    _add_output(run)
    plan = commands.add_parser("plan", help="show what `run` would do, why, and about how long")
    _add_selection(plan, suite="quick")
    _add_pythons(plan)
    _add_repeats(plan)
    race = commands.add_parser("race", help="time the backends in alternating rounds, for ratios")
    _add_selection(race, suite="race")
    _add_pythons(race)
    _add_rounds(race, DEFAULT_RACE_ROUNDS)
    _add_timeout(race)
    _add_output(race)
    steps = commands.add_parser(
        "steps", help="per-step times, from instrumented launches beside plain"
    )
    _add_selection(steps, suite="race")
    _add_pythons(steps)
    _add_rounds(steps, FEWEST_ROUNDS)
    _add_timeout(steps)
    _add_output(steps)


def read_choices(arguments: argparse.Namespace) -> Choices:
    """Return what the command line changes in the suite."""
    return Choices(
        backends=tuple(arguments.backend or ()),
        workloads=tuple(arguments.workload or ()),
        dataset=arguments.dataset,
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        seeds=_seeds(arguments),
        device=arguments.device,
        limit_train=arguments.limit_train,
        lanes=tuple(arguments.lane or ()),
    )


def _seeds(arguments: argparse.Namespace) -> tuple[int, ...]:
    if arguments.seeds is not None:
        return tuple(range(arguments.seeds))
    return () if arguments.seed is None else (arguments.seed,)


def read_pythons(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the interpreters that were named, by backend."""
    return parse_choices(arguments.python or [])


def _add_selection(parser: argparse.ArgumentParser, suite: str) -> None:
    add = parser.add_argument
    suites = ", ".join(suite_names())
    add("--suite", default=suite, metavar="NAME|FILE", help=f"{suites} or a TOML file ({suite})")
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--workload", action="append", metavar="NAME|FILE.py:FUNCTION", help="repeatable")
    add("--dataset", metavar="NAME", help="instead of the suite's, as `list` names it")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy: DIR/cifar-10-batches-bin/")
    add("--epochs", type=int, metavar="N")
    add("--batch-size", type=int, metavar="N")
    add("--seed", type=int, metavar="N")
    add("--seeds", type=_positive_int, metavar="N", help="each cell with the seeds 0 to N - 1")
    add("--device", choices=DEVICES)
    add("--lane", action="append", choices=LANES, help="instead of the suite's; repeatable")
    add("--limit-train", type=int, metavar="N", help="train on the first N images only")
    _add_reports(parser)


def _add_report(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("runs", nargs="*", metavar="RUN", help="run ids (default: all, and latest)")
    add("--parquet", action="store_true", help="write NAME.parquet beside every CSV")
    _add_reports(parser)
    _add_output(parser)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("run_a", metavar="RUN_A", help="a run id, or a folder that holds records/")
    add("run_b", metavar="RUN_B", help="what is compared with it")
    add("--across-machines", action="store_true", help="even if they ran on unlike machines")
    _add_reports(parser)
    _add_output(parser)


def _add_history(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cell", metavar="CELL", help="a cell's id, or a part that no other has")
    _add_reports(parser)
    _add_output(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
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


def _add_gate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_sides(parser)
    for name, default, text in (
        ("harmless", 2.0, "slower by this is harmless"),
        ("caught", 5.0, "slower by this must be caught"),
    ):
        text += f" ({default:g})"
        add(f"--{name}", type=_positive_float, default=default, metavar="PERCENT", help=text)
    _add_timeout(parser)


def _add_accuracy(parser: argparse.ArgumentParser) -> None:
    _add_sides(parser)
    parser.add_argument(
        "--margin",
        type=_positive_float,
        default=1.0,
        metavar="POINTS",
        help="worse by this is not accepted; a point is 0.01 of val_accuracy (%(default)g)",
    )


def _add_sides(parser: argparse.ArgumentParser) -> None:
    side = "python=PATH,src=DIR,env.NAME=VALUE"
    parser.add_argument(
        "--baseline",
        default="",
        metavar="SIDE",
        help=f"{side} (default: this checkout), or baseline=NAME for kept records",
    )
    parser.add_argument("--candidate", required=True, metavar="SIDE", help=side)


def _add_certify(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("workloads", nargs="*", metavar="NAME|FILE.py:FUNCTION", help="default: all in models/")
    add("--backend", action="append", choices=BACKENDS, help="two or more; default: all")
    add("--dataset", default="digits", metavar="NAME", help="whose images are used (digits)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")
    add("--steps", type=_positive_int, default=10, metavar="N", help="of the trajectory (10)")
    add("--seed", type=int, default=0, metavar="N", help="of the weights (0)")
    _add_reports(parser)
    _add_output(parser)


def _add_proof(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("parts", nargs="*", metavar="PART", help="simulated, real, accuracy (default: count only)")
    add("--suites", type=_positive_int, default=600, metavar="N", help="simulated ones (600)")
    add("--minutes", type=_positive_float, default=60.0, metavar="N", help="for real gates (60)")
    add("--backend", action="append", choices=BACKENDS, help="of real gates; repeatable")
    add("--candidate", default="", metavar="SIDE", help="for accuracy: a side with a fault")
    add("--seeds", type=_positive_int, default=100, metavar="N", help="for accuracy, a side (100)")
    add("--folder", type=Path, metavar="DIR", help="of the rows (reports/published/gate-proof)")
    add("--data-dir", type=Path, help=argparse.SUPPRESS)
    _add_timeout(parser)
    _add_reports(parser)
    _add_output(parser)


def _add_overhead(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--pairs", type=_positive_int, default=300, metavar="N", help="pairs of epochs (300)")
    add("--launches", type=_positive_int, default=20, metavar="N", help="pairs of launches (20)")
    _add_pythons(parser)
    _add_reports(parser)


def _add_repeats(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--repeats", type=_positive_int, default=1, metavar="N", help="records per cell (1)")
    add("--fresh", action="store_true", help="train again what is stored")


def _add_rounds(parser: argparse.ArgumentParser, default: int) -> None:
    parser.add_argument(
        "--rounds",
        type=_positive_int,
        default=default,
        metavar="N",
        help=f"rounds; {FEWEST_ROUNDS} or more give an interval (default: %(default)s)",
    )


def _add_timeout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--timeout",
        type=_positive_float,
        default=DEFAULT_TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="longest time of one launch (default: %(default)g)",
    )


def _add_pythons(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--python",
        action="append",
        metavar="BACKEND=PATH",
        help="the interpreter of a backend (default: its tox environment, else this one)",
    )


def _add_reports(parser: argparse.ArgumentParser) -> None:
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
