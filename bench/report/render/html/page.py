"""report.html: the values of its template, and the data of its charts."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from bench.core.record import Record
from bench.core.text import sanitize_lines
from bench.report.charts.data import Drawn, Series, chart_data, newest_ratios
from bench.report.charts.render import CHARTS, hidden_charts
from bench.report.render.format import (
    PARITY_NOTE,
    Row,
    conditions,
    frames_by_row,
    heading,
    parity_lines,
    row_key,
    table_rows,
    timing_notes,
)
from bench.report.render.headline import headline_of_row
from bench.report.render.html.table import (
    Table,
    column_headings,
    comparison_lines,
    first_at_level,
    gpu_memory,
    phases_table,
    provenance_tables,
    row_notes,
)
from bench.report.render.html.template import render
from bench.report.render.summary import summarise_row
from bench.report.tables.build import Tables, first_rows
from bench.report.tables.comparison import launch_intervals
from bench.report.tables.provenance import measured_facts, records_sentence

#: Limits that keep the page of a large store fast to open; the page states what it leaves out.
MOST_ROWS: Final = 200
MOST_CHARTED: Final = 12
MOST_FAILURES: Final = 50


class Section(NamedTuple):
    """The section of the page on one row of the comparison, with its charts."""

    number: int
    row: Row
    heading: str
    conditions: str
    notes: list[str]
    hidden: set[str]
    empty: set[str]
    first: Table | None
    phases: Table | None
    gpu: list[str]
    differing: Table
    equal: Table


def page_text(tables: Tables, title: str) -> str:
    """Return the page; it depends only on the tables and the title, and uses no network.

    It shows at most MOST_ROWS rows, MOST_CHARTED rows with charts and MOST_FAILURES failed records,
    and states what it leaves out. All text from records is escaped.
    """
    shown, charted = first_rows(tables, MOST_ROWS), first_rows(tables, MOST_CHARTED)
    rows = table_rows(shown.comparison)
    drawn = chart_data(charted, rows[:MOST_CHARTED])
    ratios = newest_ratios(table_rows(shown.ratios))
    failed = [record for record in tables.launches if record.status == "failed"]
    return render(
        "page.html.j2",
        title=title,
        charts={name: chart.spec for name, chart in CHARTS.items()},
        rows=[each.series for each in drawn],
        figures=CHARTS,
        verdicts=[
            (heading(row), conditions(row), summarise_row(row, ratios.get(row_key(row), [])))
            for row in rows
        ],
        headings=column_headings(rows),
        lines=comparison_lines(rows, launch_intervals(shown.epochs)),
        timing=timing_notes(rows),
        parity_note=PARITY_NOTE,
        parity=parity_lines(table_rows(shown.parity)),
        failed=[_failure(record) for record in failed[:MOST_FAILURES]],
        sections=_sections(charted, rows, drawn),
        left_out=_left_out(len(tables.comparison), len(failed)),
        summary=records_sentence(tables.launches),
        measured=measured_facts(tables.launches),
    )


def _sections(tables: Tables, rows: Sequence[Row], drawn: Sequence[Drawn]) -> list[Section]:
    cells = frames_by_row(tables.cells[~tables.cells["instrumented"]])
    provenance = frames_by_row(tables.provenance)
    return [
        _section(number, row, each, table_rows(cells[key]), table_rows(provenance[key]))
        for number, (row, each) in enumerate(zip(rows, drawn, strict=False), start=1)
        for key in [row_key(row)]
    ]


def _section(
    number: int, row: Row, drawn: Drawn, cells: Sequence[Row], provenance: Sequence[Row]
) -> Section:
    differing, equal = provenance_tables(provenance)
    return Section(
        number=number,
        row=row,
        heading=heading(row),
        conditions=conditions(row),
        notes=[*row_notes(row), *drawn.notes],
        hidden=hidden_charts(row),
        empty=_empty(drawn.series),
        first=first_at_level(drawn.series, headline_of_row(row)),
        phases=phases_table(cells),
        gpu=gpu_memory(row),
        differing=differing,
        equal=equal,
    )


def _empty(series: Series) -> set[str]:
    """Return the names of the charts without data."""
    return {name for name, chart in CHARTS.items() if not _has_data(series, chart.series, name)}


def _has_data(series: Series, name: str, field: str) -> bool:
    lines = series[name]
    return any(line.get(field) is not None for line in lines) if name == "curves" else bool(lines)


def _failure(record: Record) -> dict[str, str | int | None]:
    return {
        "cell": record.cell.id,
        "run": record.run_id,
        "repetition": record.repetition,
        "exit_status": record.exit_status,
        "reason": record.reason,
        "log": sanitize_lines(record.log_tail),
    }


def _left_out(rows: int, failed: int) -> list[str]:
    """Return one sentence for each limit of the page that is exceeded."""
    limits = (
        ("rows of the comparison", rows, MOST_ROWS, "comparison.csv"),
        ("rows with their charts", rows, MOST_CHARTED, "epochs.csv and cells.csv"),
        ("failed records", failed, MOST_FAILURES, "cells.csv"),
    )
    return [
        f"This page shows {most} of {count:,} {noun}; all are in {files}."
        for noun, count, most, files in limits
        if count > most
    ]
