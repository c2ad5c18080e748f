"""The history of a cell, with the same text in Markdown and on a terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bench.core.headline import VAL_ACCURACY
from bench.core.text import escape_markdown, sanitize_line
from bench.report.charts.history import history_svg
from bench.report.files import write_csv, write_text
from bench.report.render.format import Row
from bench.report.render.headline import headline_text
from bench.report.render.markdown_sections import markdown_table

NOTE: Final = (
    "Epoch seconds: the median of all epochs of the run, without first epochs and validation; the "
    "plot shows this median, from 0. The runs were measured at different times, and the machine "
    "may have changed in ways that are not marked here, so no ratios are given."
)


def history_headings(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the headings of the table, with the name of the headline metric."""
    metrics = {row["headline_metric"] for row in rows if row["headline_metric"]}
    name = sanitize_line(metrics.pop()) if len(metrics) == 1 else "headline" if metrics else ""
    return ("run", "epoch s", "min to max", "n", name or VAL_ACCURACY, "plot", "changed")


#: The width of the plot, in characters.
_PLOT_WIDTH: Final = 12


def history_texts(rows: Sequence[Row]) -> list[list[str]]:
    """Return the texts of each run, in the order of `history_headings`; the oldest run is first."""
    longest = max((row["epoch_seconds_median"] or 0 for row in rows), default=0)
    several = history_headings(rows)[4] == "headline"
    return [_texts(row, longest, several) for row in rows]


def _texts(row: Row, longest: float, several: bool) -> list[str]:
    changed = row["changed"] or ""
    seconds, value = row["epoch_seconds_median"], row["final_headline"]
    run = f"{row['run_id']}, {row['phase']}" if row["phase"] else row["run_id"]
    shown = "" if value is None else headline_text(value)
    shown = f"{row['headline_metric']} {shown}" if several and shown else shown
    if seconds is None:
        status = f"failed: {row['reason']}" if row["reason"] else "warm-up only"
        if row["phase_seconds_median"] is not None:
            status = f"{row['phase_seconds_median']:.3f} (phase)"
        return [run, status, "", "", shown, "", changed]
    return [
        run,
        f"{seconds:.3f}",
        f"{row['epoch_seconds_min']:.3f} to {row['epoch_seconds_max']:.3f}",
        str(row["epoch_seconds_n"]),
        shown,
        "█" * max(1, round(_PLOT_WIDTH * seconds / longest)),
        changed,
    ]


def history_renderables(rows: Sequence[Row]) -> list[RenderableType]:
    """Return the printed table: one line per run, changes in bold, and a note."""
    table = Table(box=None, pad_edge=False)
    for name in map(escape, history_headings(rows)):
        table.add_column(
            name.replace("val_", "val_\n"), no_wrap=name in ("run", "plot"), overflow="fold"
        )
    for row, texts in zip(rows, history_texts(rows), strict=True):
        style = "bold" if row["changed"] else ""
        table.add_row(*(Text(sanitize_line(text)) for text in texts), style=style)
    title = sanitize_line(rows[0]["cell_id"]) if rows else ""
    return [Text(title, style="bold"), table, Text(NOTE, style="dim")]


def write_history(folder: Path, frame: pd.DataFrame, rows: Sequence[Row]) -> Path:
    """Write history.csv, history.md and history.svg to `folder`; return the path of history.csv.

    A missing folder is created. Raise OSError if it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "history.csv", frame)
    write_text(folder / "history.md", _markdown(rows))
    write_text(folder / "history.svg", history_svg(rows))
    return folder / "history.csv"


def _markdown(rows: Sequence[Row]) -> str:
    name = escape_markdown(rows[0]["cell_id"]) if rows else "no cell"
    texts = [[escape_markdown(text) for text in line] for line in history_texts(rows)]
    headings = history_headings(rows)
    headings = (*headings[:4], escape_markdown(headings[4]), *headings[5:])
    table = markdown_table(headings, texts, "---")
    drawing = "![Epoch seconds over runs](history.svg)"
    return "\n".join([f"# {name} over runs", "", drawing, "", *table, "", NOTE, ""])
