"""`history`: one cell over all runs, with the changes between them."""

import argparse

from bench.cli.compare import result_facts, write_or_refuse
from bench.cli.console import CommandConsole
from bench.cli.options import add_output, add_reports, set_examples
from bench.cli.report import warn_skipped
from bench.core.exit_codes import ExitCode
from bench.report.render.format import table_rows
from bench.report.render.history import history_renderables, write_history
from bench.report.tables.history import find_cell, history_frame
from bench.storage.store import Store


def add_history_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the cell and the options of `history`."""
    parser.add_argument("cell", metavar="CELL", help="a cell id, or a part of only one cell id")
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "history lab_baseline-digits-jax", "history resnet20 --json")


def history_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Print the history of a cell; raise UnknownCellError if no single cell matches the name."""
    store = Store(arguments.reports)
    records = store.load_all()
    warn_skipped(store)
    cell_id = find_cell(arguments.cell, {record.cell.id for record in records})
    frame = history_frame([record for record in records if record.cell.id == cell_id])
    rows = table_rows(frame)
    folder = store.reports / "history" / cell_id
    path = write_or_refuse(folder, lambda: write_history(folder, frame, rows))
    console.print(*history_renderables(rows), sep="\n")
    counts = {"runs": len(rows), "changed": int(frame["changed"].notna().sum())}
    cell = {"cell_id": cell_id}
    console.print_result(
        "History", path, lambda: {**cell, **result_facts("history", counts, path, rows)}
    )
    return ExitCode.OK
