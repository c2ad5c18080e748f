"""The files of a cell's history."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.core.text import markdown_text
from bench.report.charts.history import history_svg
from bench.report.files import write_csv, write_text
from bench.report.render.format import Row
from bench.report.render.history import HEADINGS, NOTE, history_texts
from bench.report.render.markdown_sections import markdown_table


def write_history(folder: Path, frame: pd.DataFrame, rows: Sequence[Row]) -> Path:
    """Write history.csv, history.md and history.svg into `folder`; return the first one's path.

    The folder is made when there is none; OSError when it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "history.csv", frame)
    write_text(folder / "history.md", _markdown(rows))
    write_text(folder / "history.svg", history_svg(rows))
    return folder / "history.csv"


def _markdown(rows: Sequence[Row]) -> str:
    name = markdown_text(rows[0]["cell_id"]) if rows else "no cell"
    texts = [[markdown_text(text) for text in line] for line in history_texts(rows)]
    table = markdown_table(HEADINGS, texts, "---")
    drawing = "![Epoch seconds over runs](history.svg)"
    return "\n".join([f"# {name} over runs", "", drawing, "", *table, "", NOTE, ""])
