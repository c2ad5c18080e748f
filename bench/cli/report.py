"""`report`: write the tables and pages of runs, and of the newest records of every cell."""

import argparse
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.core.text import sanitize_line
from bench.parity.certificate import Certificate, read_certificates
from bench.report.render.format import Row, RowKey, row_key, table_rows
from bench.report.render.phases import phase_renderables
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.build import Tables, make_tables
from bench.report.tables.columns import ROW_KEY, record_columns
from bench.report.write import write_tables
from bench.runner.plan import PlannedLaunch
from bench.storage.store import Store, StoreError, latest_records
from bench.system.machine import machine_facts


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    add = parser.add_argument
    add("runs", nargs="*", metavar="RUN", help="run ids (default: all, and latest)")
    add("--parquet", action="store_true", help="also write NAME.parquet next to each CSV")
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "report", "report 20261101T120000Z-0a1b --parquet")


def report_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Write the reports on runs and on the newest records again, from the records only."""
    store = Store(arguments.reports)
    paths = {}
    for run_id in arguments.runs or store.run_ids():
        paths[run_id] = str(write_run(store, run_id, parquet=arguments.parquet))
        console.print_line(f"Wrote {paths[run_id]}")
    path, tables = write_latest(store, parquet=arguments.parquet)
    print_comparison(tables, console)
    warn_skipped(store)
    console.print_result(
        "Comparison",
        path,
        lambda: {
            "command": "report",
            "counts": {"runs": len(paths), "records": len(tables.launches)},
            "paths": {"csv": str(path), "runs": paths},
            "rows": comparison_rows(tables),
        },
    )
    return ExitCode.OK


def write_run(store: Store, run_id: str, *, parquet: bool = False) -> Path:
    """Write the run's tables and return the path of its comparison.csv.

    Raise StoreError if the run does not exist.
    """
    tables = make_tables(store.load(run_id), load_certificates(store))
    return _write(store.run_folder(run_id), tables, run_id, parquet)


def write_latest(store: Store, *, parquet: bool = False) -> tuple[Path, Tables]:
    """Write `reports/latest/`; return the path of its comparison.csv, and its tables."""
    records = latest_records(store.load_all(), str(machine_facts()["machine_id"]))
    tables = make_tables(records, load_certificates(store))
    return _write(store.reports / "latest", tables, "latest", parquet), tables


def keys_of(steps: Sequence[PlannedLaunch], tables: Tables) -> set[RowKey]:
    """Return the keys of the rows of the comparison that contain a cell of the steps."""
    planned = {step.cell.comparison_key for step in steps}
    is_planned = [record.cell.comparison_key in planned for record in tables.records]
    keys = tables.cells.loc[is_planned, list(ROW_KEY)].drop_duplicates()
    return {row_key(row) for row in table_rows(keys)}


def print_comparison(
    tables: Tables, console: CommandConsole, keys: Collection[RowKey] | None = None
) -> None:
    """Print the comparison, the phases of scripts and the ratios of the newest race.

    With `keys`, only those rows. A script has a table of its phases in place of one for each, and
    no ratios of its own code; all of them are in the files.
    """
    if console.quiet:
        return
    rows = comparison_rows(tables, keys)
    whole = {row_key(row) for row in rows if not row["phase"]}
    called = {row_key(row) for row in rows if not str(row["phase"]).startswith("script")}
    shown = {row_key(row) for row in rows}
    phases = phase_renderables([r for r in tables.records if row_key(record_columns(r)) in shown])
    comparison = comparison_renderables(tables, whole) if whole or not phases else []
    console.print(*comparison, *phases, *ratio_renderables(tables, called), sep="\n")


def comparison_rows(tables: Tables, keys: Collection[RowKey] | None = None) -> list[Row]:
    """Return the rows of comparison.csv, with None for missing values; with `keys`, only those."""
    rows = table_rows(tables.comparison)
    return rows if keys is None else [row for row in rows if row_key(row) in keys]


def warn_skipped(store: Store) -> None:
    """Print each record that was left out once, with the reason, on standard error."""
    while store.skipped:
        print(sanitize_line(f"Left out: {store.skipped.pop(0)}"), file=sys.stderr)


def load_certificates(store: Store) -> list[Certificate]:
    """Return the store's usable certificates; add the reasons of the others to its `skipped`."""
    certificates, unusable = read_certificates(store.reports)
    store.skipped += [reason for reason in unusable if reason not in store.skipped]
    return certificates


def _write(folder: Path, tables: Tables, title: str, parquet: bool) -> Path:
    try:
        return write_tables(folder, tables, title=title, parquet=parquet)
    except OSError as error:
        raise StoreError(f"The report cannot be written to {folder}: {error.strerror}.") from error
