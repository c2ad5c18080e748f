"""The report's files, written whole or not at all."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from bench.record import Record
from bench.report.display import table_rows
from bench.report.drawing import MOST_FIGURES, figure_name, row_svg
from bench.report.markdown import report_markdown
from bench.report.page.page import page_text
from bench.report.series import drawn_rows
from bench.report.tables import Tables, make_tables
from bench.report.text import csv_text

#: The tables that become NAME.csv, in the order in which they are written.
CSV_TABLES: Final = ("epochs", "cells", "comparison", "rounds", "ratios", "ledger", "steps")


def write_report(folder: Path, records: Sequence[Record], *, title: str) -> Path:
    """Write every table of CSV_TABLES, the figures, report.md and report.html.

    Return comparison.csv's path. The bytes depend on the records and the title alone. A table of
    which there is nothing to say has its header alone, and a figure that no longer belongs to the
    report is removed, so that nothing is left from a former one. The folder is made when there is
    none; OSError when it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables = make_tables(records)
    for name in CSV_TABLES:
        _replace(folder / f"{name}.csv", _csv(getattr(tables, name)))
    figures = row_figures(tables)
    _write_figures(folder / "figures", figures)
    _replace(folder / "report.md", report_markdown(tables, title, list(figures)))
    _replace(folder / "report.html", page_text(tables, title))
    return folder / "comparison.csv"


def row_figures(tables: Tables) -> dict[str, str]:
    """Return the SVG of each of the first MOST_FIGURES rows of the comparison by file name.

    A row with nothing to draw has none.
    """
    rows = table_rows(tables.comparison)[:MOST_FIGURES]
    figures = {}
    for number, (row, drawn) in enumerate(
        zip(rows, drawn_rows(tables, rows), strict=True), start=1
    ):
        svg = row_svg(drawn.series)
        if svg is not None:
            figures[figure_name(number, row)] = svg
    return figures


def _write_figures(folder: Path, figures: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, svg in figures.items():
        _replace(folder / name, svg)
    for path in folder.glob("*.svg"):
        if path.name not in figures:
            path.unlink()


def _csv(frame: pd.DataFrame) -> str:
    texts = frame.select_dtypes(include=["string", "object"])
    harmless = {str(name): _harmless(texts[name]) for name in texts}
    return frame.assign(**harmless).to_csv(index=False, lineterminator="\n")


def _harmless(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return the column with every text harmless; what is no text keeps its type."""
    values = [csv_text(value) if isinstance(value, str) else value for value in column]
    return pd.Series(values, index=column.index, dtype=object)


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
