"""The command line's grammar: sub-commands, and what their options choose."""

import argparse

from bench.cli.options import (
    DEFAULT_RACE_ROUNDS,
    FEWEST_ROUNDS,
    add_accuracy,
    add_certify,
    add_compare,
    add_doctor,
    add_equivalence,
    add_gate,
    add_history,
    add_layers,
    add_output,
    add_overhead,
    add_proof,
    add_pythons,
    add_repeats,
    add_report,
    add_reports,
    add_resume,
    add_rounds,
    add_selection,
    add_timeout,
)
from bench.core.suite import Overrides
from bench.system.interpreter import parse_choices


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
    add_overhead(overhead)
    layers = commands.add_parser("layers", help="what each layer costs on each backend")
    add_layers(layers)

    report = commands.add_parser("report", help="write all CSVs again from the records alone")
    add_report(report)
    compare = commands.add_parser("compare", help="compare two runs, cell by cell")
    add_compare(compare)
    history = commands.add_parser("history", help="one cell over all runs, with what changed")
    add_history(history)

    listing = commands.add_parser("list", help="workloads, datasets, suites, backends")
    add_pythons(listing)
    doctor = commands.add_parser("doctor", help="what is missing, and what makes timings noisy")
    add_pythons(doctor)
    add_reports(doctor)
    add_doctor(doctor)
    return parser


def _add_judging(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that judge a candidate against a baseline."""
    gate = commands.add_parser("gate", help="is a candidate slower than a baseline? in lock-step")
    add_selection(gate, suite="gate")
    add_gate(gate)
    add_output(gate)
    accuracy = commands.add_parser("accuracy", help="is a candidate less accurate? over seeds")
    add_selection(accuracy, suite="quick")
    add_accuracy(accuracy)
    add_timeout(accuracy)
    add_output(accuracy)
    proof = commands.add_parser("proof", help="how often is the gate wrong? known answers, counted")
    add_proof(proof)
    certify = commands.add_parser("certify", help="do the backends compute the same function?")
    add_certify(certify)
    equivalence = commands.add_parser(
        "equivalence", help="do the backends train to the same accuracy? over seeds"
    )
    add_equivalence(equivalence)
    trend = commands.add_parser("trend", help="what changed over many gates with one baseline?")
    add_reports(trend)
    add_output(trend)
    baseline = commands.add_parser("baseline", help="keep runs as a named baseline")
    baseline.add_argument("name", metavar="NAME")
    baseline.add_argument("runs", nargs="+", metavar="RUN", help="run ids")
    add_reports(baseline)
    add_output(baseline)


def _add_measuring(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands that have a suite of cells."""
    run = commands.add_parser("run", help="train what is not stored yet, then report")
    add_selection(run, suite="quick")
    add_pythons(run)
    add_repeats(run)
    add_timeout(run)
    add_output(run)
    plan = commands.add_parser("plan", help="show what `run` would do, why, and about how long")
    add_selection(plan, suite="quick")
    add_pythons(plan)
    add_repeats(plan)
    add_timeout(plan)
    race = commands.add_parser("race", help="time the backends in alternating rounds, for ratios")
    add_selection(race, suite="race")
    add_pythons(race)
    add_rounds(race, DEFAULT_RACE_ROUNDS)
    add_resume(race, "run")
    add_timeout(race)
    add_output(race)
    steps = commands.add_parser(
        "steps", help="per-step times, from instrumented launches beside plain"
    )
    add_selection(steps, suite="race")
    add_pythons(steps)
    add_rounds(steps, FEWEST_ROUNDS)
    add_resume(steps, "run")
    add_timeout(steps)
    add_output(steps)


def read_choices(arguments: argparse.Namespace) -> Overrides:
    """Return what the command line changes in the suite."""
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


def read_pythons(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the interpreters that were named, by backend."""
    return parse_choices(arguments.python or [])
