"""`gate`: is a candidate slower than a baseline? Two sides in lock-step, one verdict per cell."""

import argparse

from bench.cli.console import CommandConsole
from bench.cli.gate_accuracy import STORED, screen_candidate
from bench.cli.options import (
    add_output,
    add_resume,
    add_selection,
    add_sides,
    add_timeout,
    positive_float,
    read_cells,
    set_examples,
)
from bench.cli.script_options import add_script
from bench.regression.gate_run import Gate, GateRequest, begin_gate, resume_gate
from bench.regression.report import gate_sessions_note, sentences, verdict_frame, verdict_table
from bench.regression.verdict import Margins
from bench.report.render.format import table_rows


def add_gate_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two sides, the margins and the options of `gate`."""
    add_selection(parser, suite="gate")
    add_script(parser)
    add_resume(add_sides(parser), "gate")
    _add_threshold(parser, "noise-threshold", "harmless", 2.0, "slower by less than this is noise")
    _add_threshold(parser, "fail-threshold", "caught", 5.0, "slower by this or more must fail")
    add_timeout(parser)
    add_output(parser)
    set_examples(
        parser,
        "gate --candidate src=../branch --workload lab_baseline",
        "gate --baseline python=old/bin/python --candidate python=new/bin/python",
    )


def _add_threshold(
    parser: argparse.ArgumentParser, name: str, former: str, default: float, text: str
) -> None:
    """Add a threshold; the `former` name of its option is accepted for one more release."""
    add = parser.add_argument
    text += f" ({default:g})"
    add(f"--{name}", type=positive_float, default=default, metavar="PERCENT", help=text)
    add(
        f"--{former}",
        dest=name.replace("-", "_"),
        type=positive_float,
        default=argparse.SUPPRESS,
        help=argparse.SUPPRESS,
    )


def gate_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Measure two sides in lock-step, write and print the verdicts, and return the exit code.

    Against a baseline of stored records the candidate is only screened. Raise SideTextError,
    SuiteError, BaselineError or StoreError for invalid input.
    """
    if arguments.baseline.startswith(STORED):
        return screen_candidate(arguments, console)
    if arguments.resume is not None:
        gate = resume_gate(arguments.resume, arguments.reports, console)
    else:
        margins = Margins(arguments.noise_threshold / 100, arguments.fail_threshold / 100)
        request = GateRequest(
            arguments.baseline,
            arguments.candidate,
            read_cells(arguments),
            margins,
            arguments.data_dir,
            arguments.timeout,
        )
        gate = begin_gate(request, arguments.reports, console, console.error)
    _print(gate, console)
    return gate.status


def _print(gate: Gate, console: CommandConsole) -> None:
    outcome, path = gate.outcome, gate.path
    console.print(verdict_table(gate.plan, outcome))
    if text := gate_sessions_note(gate.store):
        console.print(text)
    for sentence in sentences(outcome):
        console.error(sentence)
    console.print_result(
        "Verdicts",
        path,
        lambda: {
            "command": "gate",
            "exit_code": int(gate.status),
            "defects": list(outcome.defects),
            "paths": {"csv": str(path), "json": str(path.with_suffix(".json"))},
            "rows": table_rows(verdict_frame(outcome)),
        },
    )
