"""A cell's history on a terminal."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bench.core.text import one_line
from bench.report.render.format import Row
from bench.report.render.history import HEADINGS, NOTE, history_texts


def history_renderables(rows: Sequence[Row]) -> list[RenderableType]:
    """Return what to print: a line per run, changes in bold, and a note."""
    table = Table(box=None, pad_edge=False)
    for name in HEADINGS:
        table.add_column(
            name.replace("val_", "val_\n"), no_wrap=name in ("run", "plot"), overflow="fold"
        )
    for row, texts in zip(rows, history_texts(rows), strict=True):
        style = "bold" if row["changed"] else ""
        table.add_row(*(Text(one_line(text)) for text in texts), style=style)
    title = one_line(rows[0]["cell_id"]) if rows else ""
    return [Text(title, style="bold"), table, Text(NOTE, style="dim")]
