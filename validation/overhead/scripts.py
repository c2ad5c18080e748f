"""`python -m validation.overhead.scripts`: the cost of wrapping `fit` in a user's script.

A pair is two processes of `timed_script.py`, one run by plain Python and one as `--script` does, in
alternating order and in the same environment. The seconds of plain Python are those that the script
measures itself; the others are those of the phases in our result.
"""

import argparse
import os
import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Final, NamedTuple

from bench.cli.console import CommandConsole
from bench.cli.main import run_guarded
from bench.cli.options import add_pythons, positive_int, read_pythons
from bench.cli.parser import SuggestingParser
from bench.core.cell import BACKENDS, OWN_DATA, Cell
from bench.core.exit_codes import ExitCode
from bench.core.script import Script
from bench.core.workload import job_of
from bench.runner.launch import WORKER_COMMAND, LaunchOutcome, launch
from bench.runner.progress import time_left
from bench.stats.median_ci import Interval, median_confidence_interval
from bench.system.environment import resolve_environment
from bench.system.interpreter import Interpreter, find_interpreter
from bench.system.timing_lock import default_lock_path, timing_lock
from validation.overhead.pairs import PLAIN_FIRST, OverheadError, order_of

TIMED_SCRIPT: Final = Path(__file__).with_name("timed_script.py")
#: The range in which the whole interval of the ratio must lie.
RATIO_RANGE: Final = (0.98, 1.02)

_SECONDS: Final = re.compile(r"^fit seconds: (\S+) (\S+)$", re.MULTILINE)
_TIMEOUT_SECONDS: Final = 600.0


class ScriptPair(NamedTuple):
    """The seconds of both calls of `fit`: the first one, which compiles, and the second."""

    plain: tuple[float, float]
    ours: tuple[float, float]


class WrappingCost(NamedTuple):
    """The ratio ours / plain of one call of `fit`, or of both, with its 95% interval."""

    name: str
    interval: Interval | None

    @property
    def in_range(self) -> bool:
        """Whether the whole interval lies in RATIO_RANGE; False without an interval."""
        low, high = RATIO_RANGE
        return self.interval is not None and low <= self.interval.low <= self.interval.high <= high

    def __str__(self) -> str:
        """Return the ratio, its interval and the verdict on it."""
        if self.interval is None:
            return f"{self.name}: too few pairs for an interval"
        median, low, high = self.interval[:3]
        verdict = "in" if self.in_range else "NOT in"
        return (
            f"{self.name}: {median:.4f} [{low:.4f} to {high:.4f}], {verdict} "
            f"{RATIO_RANGE[0]} to {RATIO_RANGE[1]}"
        )


def wrapping_costs(pairs: Sequence[ScriptPair]) -> list[WrappingCost]:
    """Return the ratios of the first call, of the second, and of both together."""
    ratios = {
        "first fit": [pair.ours[0] / pair.plain[0] for pair in pairs],
        "second fit": [pair.ours[1] / pair.plain[1] for pair in pairs],
        "both": [sum(pair.ours) / sum(pair.plain) for pair in pairs],
    }
    return [
        WrappingCost(name, median_confidence_interval(values)) for name, values in ratios.items()
    ]


def measure_pairs(
    number: int,
    run_plain: Callable[[], LaunchOutcome],
    run_ours: Callable[[], LaunchOutcome],
    announce: Callable[[int], None] = lambda done: None,
) -> list[ScriptPair]:
    """Return `number` pairs in alternating order; raises OverheadError for a failed process.

    `announce` is called with the number of pairs that are done, after each.
    """
    pairs = []
    for pair in range(number):
        if order_of(pair) == PLAIN_FIRST:
            plain = plain_seconds(run_plain())
            ours = our_seconds(run_ours())
        else:
            ours = our_seconds(run_ours())
            plain = plain_seconds(run_plain())
        pairs.append(ScriptPair(plain, ours))
        announce(len(pairs))
    return pairs


def _announcer(
    backend: str, number: int, console: CommandConsole, clock: Callable[[], float] = monotonic
) -> Callable[[int], None]:
    """Return a function that prints the pairs that are done, and the time that is left."""
    started = clock()

    def announce(done: int) -> None:
        left = (clock() - started) / done * (number - done)
        console.print_line(f"{backend}: pair {done} of {number}, {time_left(left)}")

    return announce


def plain_seconds(outcome: LaunchOutcome) -> tuple[float, float]:
    """Return the seconds that the script printed; raises OverheadError if it did not."""
    found = _SECONDS.search(outcome.log_tail)
    if found is None:
        raise OverheadError(f"the plain script printed no seconds: {outcome.log_tail[-300:]}")
    return float(found[1]), float(found[2])


def our_seconds(outcome: LaunchOutcome) -> tuple[float, float]:
    """Return the seconds of the two phases of `fit`; raises OverheadError without a result."""
    result = outcome.output.result
    if result is None:
        raise OverheadError(f"the script failed: {outcome.output.reason}")
    first, second = (phase.seconds for phase in result.phases if phase.method == "fit")
    return first, second


def _runs(
    interpreter: Interpreter, folder: Path
) -> tuple[Callable[[], LaunchOutcome], Callable[[], LaunchOutcome]]:
    """Return what runs the script by plain Python, and what runs it as `--script` does."""
    cell = Cell(
        workload=Script(TIMED_SCRIPT).workload,
        dataset=OWN_DATA,
        backend=interpreter.backend,
        batch_size=None,
        epochs=None,
    )

    def start(command: Sequence[str]) -> LaunchOutcome:
        return launch(
            job_of(cell, None),
            interpreter.python,
            environment=resolve_environment(cell, os.environ),
            log_path=folder / f"{interpreter.backend}.log",
            timeout_seconds=_TIMEOUT_SECONDS,
            command=command,
        )

    return lambda: start((str(TIMED_SCRIPT),)), lambda: start(WORKER_COMMAND)


def make_scripts_parser() -> SuggestingParser:
    """Return the parser of `python -m validation.overhead.scripts`."""
    parser = SuggestingParser(
        prog="python -m validation.overhead.scripts",
        description="Measure what wrapping the calls of `fit` in a script costs.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--backend", action="append", choices=BACKENDS, help="only this backend; repeatable")
    add("--pairs", type=positive_int, default=30, metavar="N", help="pairs of scripts (30)")
    add_pythons(parser)
    return parser


def scripts_main(words: Sequence[str] | None = None) -> int:
    """Run `python -m validation.overhead.scripts`; the exit code is 1 outside of RATIO_RANGE."""
    arguments = make_scripts_parser().parse_args(words)
    return run_guarded(lambda console: _measure(arguments, console), "full")


def _measure(arguments: argparse.Namespace, console: CommandConsole) -> int:
    pythons = read_pythons(arguments)
    met = True
    with (
        timing_lock(default_lock_path(), f"overhead of scripts, process {os.getpid()}"),
        tempfile.TemporaryDirectory(prefix="script-overhead-") as folder,
    ):
        for backend in arguments.backend or BACKENDS:
            runs = _runs(find_interpreter(backend, pythons), Path(folder))
            try:
                announce = _announcer(backend, arguments.pairs, console)
                costs = wrapping_costs(measure_pairs(arguments.pairs, *runs, announce))
            except OverheadError as error:
                console.error(f"{backend}: {error}")
                met = False
                continue
            for cost in costs:
                console.print_line(f"{backend}, {arguments.pairs} pairs, {cost}")
            met = met and costs[-1].in_range
    return ExitCode.OK if met else ExitCode.CELLS_FAILED


if __name__ == "__main__":
    sys.exit(scripts_main())
