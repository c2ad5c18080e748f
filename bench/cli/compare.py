"""`compare`: compare two runs, cell by cell."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.cli.report import load_certificates, warn_skipped
from bench.core.exit_codes import ExitCode
from bench.report.render.compare import compare_renderables, write_comparison
from bench.report.render.format import Row, table_rows
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.run_selection import find_compared_run
from bench.storage.store import Store, StoreError


def add_compare_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the two runs and the options of `compare`."""
    add = parser.add_argument
    add("run_a", metavar="RUN_A", help="a run id, or a folder that holds records/")
    add("run_b", metavar="RUN_B", help="the run to compare with RUN_A")
    add("--across-machines", action="store_true", help="allow runs of different machines")
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "compare 20261101T120000Z-0a1b 20261102T120000Z-0c2d", "compare a/ b/")


def compare_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Compare two runs; raise RunSelectionError or MismatchError if that is impossible."""
    store = Store(arguments.reports)
    a, b = (find_compared_run(run, store) for run in (arguments.run_a, arguments.run_b))
    certificates = load_certificates(store)
    warn_skipped(store)
    frame = compare_frame(a, b, certificates, across_machines=arguments.across_machines)
    rows = table_rows(frame)
    folder = store.reports / "compare" / f"{a.name}--{b.name}"
    path = write_or_refuse(folder, lambda: write_comparison(folder, frame, rows, a.name, b.name))
    console.print(*compare_renderables(rows, a.name, b.name), sep="\n")
    counts = {"cells": len(rows), "compared": _count(frame, "both")}
    counts |= {"only_a": _count(frame, "only A"), "only_b": _count(frame, "only B")}
    runs: dict[str, object] = {"run_a": a.name, "run_b": b.name}
    console.print_result(
        "Compared", path, lambda: {**runs, **result_facts("compare", counts, path, rows)}
    )
    return ExitCode.OK


def write_or_refuse(folder: Path, write: Callable[[], Path]) -> Path:
    """Return the result of `write`; raise StoreError if `folder` cannot be written."""
    try:
        return write()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error


def _count(frame: pd.DataFrame, sides: str) -> int:
    return int(frame["sides"].eq(sides).sum())


def result_facts(
    command: str, counts: Mapping[str, int], path: Path, rows: list[Row]
) -> dict[str, object]:
    """Return the fields of the result that `--json` prints."""
    return {
        "command": command,
        "counts": counts,
        "paths": {"csv": str(path), "markdown": str(path.with_suffix(".md"))},
        "rows": rows,
    }
