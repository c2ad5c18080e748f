"""`report`: write the tables and pages of runs, and of the newest records of every cell."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.core.record import Record
from bench.core.text import sanitize_line
from bench.parity.certificate import Certificate, read_certificates
from bench.report.render.format import Row, table_rows
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.comparison import comparison_frame
from bench.report.write import write_report
from bench.runner.plan import PlannedLaunch
from bench.storage.store import Store, StoreError, latest_records
from bench.system.machine import machine_facts


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `report`."""
    add = parser.add_argument
    add("runs", nargs="*", metavar="RUN", help="run ids (default: all, and latest)")
    add("--parquet", action="store_true", help="write NAME.parquet beside every CSV")
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "report", "report 20261101T120000Z-0a1b --parquet")


def report_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Write the reports on runs and on the newest records again, from the records alone."""
    store = Store(arguments.reports)
    paths = {}
    for run_id in arguments.runs or store.run_ids():
        paths[run_id] = str(write_run(store, run_id, parquet=arguments.parquet))
        console.print_line(f"Wrote {paths[run_id]}")
    path, latest = write_latest(store, parquet=arguments.parquet)
    print_comparison(store, latest, console)
    warn_skipped(store)
    console.print_result(
        "Comparison",
        path,
        lambda: {
            "command": "report",
            "counts": {"runs": len(paths), "records": len(latest)},
            "paths": {"csv": str(path), "runs": paths},
            "rows": comparison_rows(latest),
        },
    )
    return ExitCode.OK


def write_run(store: Store, run_id: str, *, parquet: bool = False) -> Path:
    """Write the run's tables and return its CSV; StoreError when there is no such run."""
    return _write(store, store.run_folder(run_id), store.load(run_id), run_id, parquet)


def write_latest(store: Store, *, parquet: bool = False) -> tuple[Path, list[Record]]:
    """Write `reports/latest/`; return its CSV and the records that it is made of."""
    records = latest_records(store.load_all(), str(machine_facts()["machine_id"]))
    return _write(store, store.reports / "latest", records, "latest", parquet), records


def records_of(steps: Sequence[PlannedLaunch], records: Sequence[Record]) -> list[Record]:
    """Return the records that stand in a row of the comparison with one of the steps."""
    keys = {step.cell.comparison_key for step in steps}
    return [record for record in records if record.cell.comparison_key in keys]


def print_comparison(store: Store, records: Sequence[Record], console: CommandConsole) -> None:
    """Print the tables of `records`, and of their newest race the ratios with their parity."""
    if not console.quiet:
        ratios = ratio_renderables(records, load_certificates(store))
        console.print(*comparison_renderables(records), *ratios, sep="\n")


def comparison_rows(records: Sequence[Record]) -> list[Row]:
    """Return the rows of comparison.csv, missing values as None."""
    return table_rows(comparison_frame(records))


def warn_skipped(store: Store) -> None:
    """Tell on the error stream, once each, which records were left out."""
    while store.skipped:
        print(sanitize_line(f"Left out: {store.skipped.pop(0)}"), file=sys.stderr)


def load_certificates(store: Store) -> list[Certificate]:
    """Return the store's usable certificates; the store's `skipped` gets the others' reasons."""
    found, unusable = read_certificates(store.reports)
    store.skipped += [reason for reason in unusable if reason not in store.skipped]
    return found


def _write(
    store: Store, folder: Path, records: Sequence[Record], title: str, parquet: bool
) -> Path:
    certificates = load_certificates(store)
    try:
        return write_report(folder, records, certificates, title=title, parquet=parquet)
    except OSError as error:
        raise StoreError(f"No report can be written to {folder}: {error.strerror}.") from error
