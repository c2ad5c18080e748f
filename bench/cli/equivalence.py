"""`equivalence`: do the backends train equally well? One verdict per pair, over seeds."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.cli.console import CommandConsole
from bench.cli.gate_accuracy import train_sides
from bench.cli.options import (
    add_margin,
    add_output,
    add_pythons,
    add_reports,
    add_timeout,
    check_dataset,
    positive_int,
    read_pythons,
    set_examples,
)
from bench.core.cell import BACKENDS, Cell
from bench.core.exit_codes import ExitCode
from bench.core.suite import Overrides, expand, load_suite
from bench.core.text import sanitize_line
from bench.regression.accuracy.equivalence import Equivalence, judge_equivalence
from bench.regression.accuracy.report import difference_text, spread_text, write_frame
from bench.regression.accuracy.seeds import families, seeds_of
from bench.regression.accuracy.verdict import FEWEST_SEEDS, SeedAccuracies
from bench.regression.verdict import check_statistics
from bench.storage.store import Store, StoreError, new_run_id
from bench.system.side import Side

_SUITE = "quick"


def add_equivalence_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the workloads, the numbers of seeds and the options of `equivalence`."""
    add = parser.add_argument
    add("--workload", action="append", metavar="NAME|FILE.py:FUNCTION", help="(lab_baseline)")
    add("--backend", action="append", choices=BACKENDS, help="two or more; default: all")
    add("--dataset", metavar="NAME", help="instead of the suite's (digits)")
    add("--data-dir", type=Path, metavar="DIR", help="a local copy of it")
    add("--epochs", type=positive_int, metavar="N", help="instead of the suite's")
    add("--pilot-seeds", type=positive_int, default=8, metavar="N", help="for the spread (8)")
    add("--max-seeds", type=positive_int, default=60, metavar="N", help="judged at most (60)")
    add_pythons(parser)
    add_margin(parser, "a difference below this counts as equivalent")
    add_timeout(parser)
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "equivalence", "equivalence --workload mlp --max-seeds 20")


def equivalence_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Train seeds of every backend; print which pairs end with equivalent headline metrics.

    The pilot seeds give the spread, and from it the number of seeds needed. The verdict uses other
    seeds: with the same seeds for both, two backends would pass slightly too often. The exit code
    is 11 if a pair was not shown to be equivalent, and 12 if a verdict is invalid.
    """
    check_statistics()
    check_dataset(arguments)
    margin = arguments.margin / 100
    pilot = judge_equivalence(_train(arguments, console, range(arguments.pilot_seeds)), margin)
    needed = [row.seeds_needed or arguments.max_seeds for row in pilot if row.verdict != "invalid"]
    count = min(max([FEWEST_SEEDS, *needed]), arguments.max_seeds)
    console.print_line(
        f"The pilot seeds have a spread of {_spread(pilot)}; "
        f"{max(needed, default=FEWEST_SEEDS)} seeds are needed and {count} are trained."
    )
    seeds = range(arguments.pilot_seeds, arguments.pilot_seeds + count)
    rows = judge_equivalence(_train(arguments, console, seeds), margin)
    verdicts = {row.verdict for row in rows}
    status = ExitCode.INCONCLUSIVE if "not shown" in verdicts else ExitCode.OK
    status = ExitCode.INVALID if "invalid" in verdicts or not rows else status
    console.print(_table(rows))
    reasons = [f"{' / '.join(row.backends)}: {row.reason}." for row in rows if row.reason]
    for reason in reasons:
        console.error(sanitize_line(reason))
    folder = arguments.reports / "equivalence" / new_run_id()
    try:
        path = write_frame(folder, "equivalence", _frame(rows))
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    facts = {"command": "equivalence", "exit_code": int(status), "reasons": reasons}
    console.print_result("Equivalence", path, lambda: {**facts, "paths": {"csv": str(path)}})
    return status


def _train(
    arguments: argparse.Namespace, console: CommandConsole, seeds: Sequence[int]
) -> Mapping[str, Mapping[str, SeedAccuracies]]:
    """Train the seeds that are not stored; return the seeds of each cell and backend."""
    overrides = Overrides(
        backends=tuple(arguments.backend or ()),
        workloads=tuple(arguments.workload or ("lab_baseline",)),
        dataset=arguments.dataset,
        epochs=arguments.epochs,
        seeds=tuple(seeds),
    )
    cells = expand(load_suite(_SUITE), overrides, _SUITE)
    side = Side(pythons=read_pythons(arguments))
    (records,) = train_sides(cells, [side], Store(arguments.reports), arguments, console)
    by_cell: dict[str, dict[str, SeedAccuracies]] = {}
    for family, trained in families(cells).items():
        accuracies = seeds_of(family, trained, records)
        by_cell.setdefault(_name(family), {})[family.backend] = accuracies
    return by_cell


def _spread(rows: Sequence[Equivalence]) -> str:
    """Return the largest spread of the metrics in points, and of each other metric."""
    points = [row.spread for row in rows if row.spread is not None and row.unit == "points"]
    others: dict[str, float] = {}
    for row in rows:
        if row.spread is not None and row.unit != "points":
            others[row.metric] = max(row.spread, others.get(row.metric, 0.0))
    texts = [f"{spread_text(spread, unit='percent')} in {name}" for name, spread in others.items()]
    if points or not others:
        texts.insert(0, f"{spread_text(max(points, default=0.0), unit='points')} points")
    return sanitize_line(" and ".join(texts))


def _name(family: Cell) -> str:
    return family.id.replace(f"-{family.backend}-", "-", 1)


def _frame(rows: Sequence[Equivalence]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cell": row.name,
            "backend_a": row.backends[0],
            "backend_b": row.backends[1],
            "verdict": row.verdict,
            "seeds_a": row.seeds[0],
            "seeds_b": row.seeds[1],
            "difference": row.difference,
            "low": row.low,
            "high": row.high,
            "spread": row.spread,
            "seeds_needed": row.seeds_needed,
            "metric": row.metric,
            "unit": row.unit,
            "margin": row.margin,
            "reason": row.reason,
        }
        for row in rows
    )


def _table(rows: Sequence[Equivalence]) -> Table:
    metrics = dict.fromkeys(f"{r.metric}{' in points' * (r.unit == 'points')}" for r in rows)
    title = f"Final {sanitize_line(', '.join(metrics))}, second backend minus first"
    table = Table(title=Text(title), title_justify="left", box=None)
    for name in ("cell", "backends", "verdict", "seeds", "difference", "needed"):
        table.add_column(name, overflow="fold")
    for row in rows:
        difference = ""
        if row.difference is not None and row.low is not None and row.high is not None:
            difference = difference_text(row.difference, row.low, row.high, unit=row.unit)
            difference = f"{row.metric} {difference}" if len(metrics) > 1 else difference
        counts, needed = " and ".join(map(str, row.seeds)), row.seeds_needed
        cells = (row.name, " / ".join(row.backends), row.verdict, counts, difference)
        texts = (*cells, "" if needed is None else str(needed))
        table.add_row(*(Text(sanitize_line(text)) for text in texts))
    return table
