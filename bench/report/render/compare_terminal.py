"""The comparison of two runs on a terminal."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from bench.core.text import one_line
from bench.report.render.compare import (
    HEADINGS,
    NOTES,
    groups_of,
    lonely_lines,
    row_notes,
    row_texts,
)
from bench.report.render.format import Row, conditions, heading


def compare_renderables(rows: Sequence[Row], a: str, b: str) -> list[RenderableType]:
    """Return what to print of the rows of `a` and `b`: what one side lacks, tables, notes."""
    lonely = lonely_lines(rows, {"A": a, "B": b})
    parts: list[RenderableType] = [Text(one_line(f"A: {a}, B: {b}"))]
    if lonely:
        title = f"NOT COMPARED: {len(lonely)} of {len(rows)} cells are on one side only"
        parts += [Text(title, style="bold red")]
        parts += [Text(one_line(line), style="red") for line in lonely]
    for group in groups_of(rows):
        notes = [one_line(note) for row in group for note in row_notes(row)]
        parts += [Text(), _table(group), *(Text(note) for note in notes)]
    return [*parts, Text(), Text("\n".join(NOTES), style="dim")]


def _table(rows: Sequence[Row]) -> Table:
    title = Text(f"{one_line(heading(rows[0]))}\n{one_line(conditions(rows[0]))}")
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in HEADINGS:
        table.add_column(
            name.replace("val_", "val_\n").replace("epoch ", "epoch\n"), overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(one_line(text)) for text in row_texts(row)))
    return table
