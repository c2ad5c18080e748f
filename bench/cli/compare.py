"""Two runs side by side, and one cell over all runs."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from bench.cli.console import CommandConsole
from bench.cli.report import load_certificates, warn_unreadable
from bench.report.render.compare import compare_renderables, write_comparison
from bench.report.render.format import Row, table_rows
from bench.report.render.history import history_renderables, write_history
from bench.report.tables.compare_runs import compare_frame
from bench.report.tables.history import find_cell, history_frame
from bench.report.tables.run_selection import find_side
from bench.storage.store import Store, StoreError


def compare_runs(arguments: argparse.Namespace, output: CommandConsole) -> None:
    """Compare two runs; a SideError or MismatchError says why they are not compared."""
    store = Store(arguments.reports)
    a, b = (find_side(run, store) for run in (arguments.run_a, arguments.run_b))
    certificates = load_certificates(store)
    warn_unreadable(store)
    frame = compare_frame(a, b, certificates, across_machines=arguments.across_machines)
    rows = table_rows(frame)
    folder = store.reports / "compare" / f"{a.name}--{b.name}"
    path = _written(folder, lambda: write_comparison(folder, frame, rows, a.name, b.name))
    output.print(*compare_renderables(rows, a.name, b.name), sep="\n")
    counts = {"cells": len(rows), "compared": _count(frame, "both")}
    counts |= {"only_a": _count(frame, "only A"), "only_b": _count(frame, "only B")}
    runs: dict[str, object] = {"run_a": a.name, "run_b": b.name}
    output.print_result("Compared", path, lambda: {**runs, **_facts("compare", counts, path, rows)})


def history_command(arguments: argparse.Namespace, output: CommandConsole) -> None:
    """Tell the history of a cell; an UnknownCellError says that there is none of that name."""
    store = Store(arguments.reports)
    records = store.load_all()
    warn_unreadable(store)
    cell_id = find_cell(arguments.cell, {record.cell.id for record in records})
    frame = history_frame([record for record in records if record.cell.id == cell_id])
    rows = table_rows(frame)
    folder = store.reports / "history" / cell_id
    path = _written(folder, lambda: write_history(folder, frame, rows))
    output.print(*history_renderables(rows), sep="\n")
    counts = {"runs": len(rows), "changed": int(frame["changed"].notna().sum())}
    cell = {"cell_id": cell_id}
    output.print_result("History", path, lambda: {**cell, **_facts("history", counts, path, rows)})


def _written(folder: Path, write: Callable[[], Path]) -> Path:
    try:
        return write()
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error


def _count(frame: pd.DataFrame, sides: str) -> int:
    return int(frame["sides"].eq(sides).sum())


def _facts(
    command: str, counts: Mapping[str, int], path: Path, rows: list[Row]
) -> dict[str, object]:
    return {
        "command": command,
        "counts": counts,
        "paths": {"csv": str(path), "markdown": str(path.with_suffix(".md"))},
        "rows": rows,
    }
