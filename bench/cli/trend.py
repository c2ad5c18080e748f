"""`trend`: change points over many gates against one baseline."""

import argparse

from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.core.exit_codes import ExitCode
from bench.regression.trend import check_otava, find_changes, read_series, trend_frame, trend_table
from bench.report.files import write_csv
from bench.report.render.format import table_rows
from bench.storage.store import StoreError


def add_trend_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `trend`."""
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "trend", "trend --reports /mnt/nightly")


def trend_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Find and print the change points over all gates against the same baseline.

    A change point is advice, so the exit code is 0. Raise TrendMissingError if otava is missing,
    StoreError if the reports folder cannot be written.
    """
    check_otava()
    gates = arguments.reports / "gates"
    series, left_out = read_series(gates)
    trends = {
        baseline: (points, find_changes([point.ratio for point in points]))
        for baseline, points in series.items()
    }
    frame = trend_frame(trends)
    path = gates / "trend.csv"
    try:
        gates.mkdir(parents=True, exist_ok=True)
        write_csv(path, frame)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    console.print(trend_table(trends))
    for reason in left_out:
        console.error(f"A gate was left out: {reason}")
    if not series:
        console.error(f"{gates} contains no gate with a valid measurement.")
    console.print_result(
        "Trend",
        path,
        lambda: {"command": "trend", "exit_code": 0, "path": str(path), "rows": table_rows(frame)},
    )
    return ExitCode.OK
