"""The report's files: tables, figures, report.md and report.html."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.core.record import Record
from bench.parity.certificate import Certificate, encode_certificates
from bench.report.charts.data import chart_data
from bench.report.charts.render import MOST_FIGURES, figure_name, row_svg
from bench.report.files import check_parquet, write_csv, write_parquet, write_text
from bench.report.render.format import table_rows
from bench.report.render.headline import other_headline
from bench.report.render.html.page import page_text
from bench.report.render.markdown import report_markdown
from bench.report.tables.build import Tables, first_rows, make_tables

#: The tables that are written as NAME.csv, in this order.
CSV_TABLES: Final = (
    *("epochs", "cells", "comparison", "rounds", "ratios", "parity", "provenance", "steps"),
    "metrics",
)


def write_report(
    folder: Path,
    records: Sequence[Record],
    certificates: Sequence[Certificate] = (),
    *,
    title: str,
    parquet: bool = False,
) -> Path:
    """Make the tables of `records` and write them as `write_tables` does."""
    return write_tables(folder, make_tables(records, certificates), title=title, parquet=parquet)


def write_tables(folder: Path, tables: Tables, *, title: str, parquet: bool = False) -> Path:
    """Write every table of CSV_TABLES, the figures, report.md and report.html.

    Return the path of comparison.csv. With `parquet` each table is also written as NAME.parquet;
    raise ParquetError if pyarrow is missing. The certificates are written as certificates.json.

    The bytes depend only on the tables and the title. An empty table is written as its header.
    Figures that an earlier report left behind are removed. A missing folder is created; raise
    OSError if it cannot be written.
    """
    if parquet:
        check_parquet()
    folder.mkdir(parents=True, exist_ok=True)
    for name in CSV_TABLES:
        write_csv(folder / f"{name}.csv", getattr(tables, name))
        if parquet:
            write_parquet(folder / f"{name}.parquet", getattr(tables, name))
    write_text(folder / "certificates.json", encode_certificates(tables.certificates))
    figures = row_figures(tables)
    _write_figures(folder / "figures", figures)
    write_text(folder / "report.md", report_markdown(tables, title, list(figures)))
    write_text(folder / "report.html", page_text(tables, title))
    return folder / "comparison.csv"


def row_figures(tables: Tables) -> dict[str, str]:
    """Return the SVG of each of the first MOST_FIGURES rows of the comparison, by file name.

    A row without data to draw has no SVG.
    """
    shown = first_rows(tables, MOST_FIGURES)
    rows = table_rows(shown.comparison)
    figures = {}
    for number, (row, drawn) in enumerate(zip(rows, chart_data(shown, rows), strict=True), start=1):
        svg = row_svg(drawn.series, other_headline(row))
        if svg is not None:
            figures[figure_name(number, row)] = svg
    return figures


def _write_figures(folder: Path, figures: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, svg in figures.items():
        write_text(folder / name, svg)
    for path in folder.glob("*.svg"):
        if path.name not in figures:
            path.unlink()
