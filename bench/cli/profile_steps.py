"""`profile-steps`: time each training step in instrumented launches, raced with plain ones."""

import argparse

from bench.cli.console import CommandConsole
from bench.cli.options import FEWEST_ROUNDS, set_examples
from bench.cli.race import add_race_options, measure_race


def add_profile_steps_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `profile-steps`, which are those of `race`."""
    add_race_options(parser, FEWEST_ROUNDS)
    set_examples(parser, "profile-steps --workload mlp", "profile-steps --resume")


def profile_steps_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Race plain and instrumented launches of each cell, report, and return the exit code."""
    return measure_race(arguments, console, kinds=(False, True))
