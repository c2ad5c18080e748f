"""The comparison on a terminal of 100 columns."""

from collections.abc import Sequence
from typing import Final

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bench.cell import BACKENDS
from bench.record import Record
from bench.report.display import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    MEMORY_FIGURES,
    METRIC_FIGURES,
    NOTE,
    Row,
    comparison_rows,
    conditions,
    figure_text,
    heading,
    reason_text,
    status_text,
)
from bench.report.text import one_line

_FIGURES: Final = (*EPOCH_FIGURES, *FIT_FIGURES, *METRIC_FIGURES[2:], *MEMORY_FIGURES)


def comparison_renderables(records: Sequence[Record]) -> list[RenderableType]:
    """Return what to print: per comparison row a table and its notes, then the note on timing."""
    rows = comparison_rows(records)
    if not rows:
        return [Text("There is no record yet.")]
    parts: list[RenderableType] = []
    for row in rows:
        parts += [_table(row), *(Text(note) for note in _notes(row)), Text()]
    return [*parts, Text(NOTE, style="dim")]


def _table(row: Row) -> Table:
    title = f"[bold]{_safe(heading(row))}[/bold]\n{_safe(conditions(row))}"
    table = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    table.add_column("backend", no_wrap=True)
    for figure in _FIGURES:
        broken = figure.heading.replace("val_", "val_\n").replace("first ", "first\n")
        status = figure is EPOCH_FIGURES[0]
        table.add_column(broken, justify="right", overflow="fold", no_wrap=status)
    for backend in BACKENDS:
        fastest = row["fastest_backend"] == backend
        texts = [figure_text(row, backend, figure) for figure in _FIGURES]
        texts[0] = texts[0] or status_text(row, backend)
        name = f"{backend} *" if fastest else backend
        table.add_row(name, *texts, style="bold" if fastest else _style(row, backend))
    return table


def _style(row: Row, backend: str) -> str:
    return {"ok": "", "missing": "dim"}.get(row[f"{backend}_status"], "red")


def _notes(row: Row) -> list[str]:
    """Return what the table cannot say; plain text, control characters removed."""
    reasons = [f"{backend}: {reason_text(row, backend)}" for backend in BACKENDS]
    notes = [one_line(text) for text in reasons if not text.endswith(": ")]
    if row["fastest_backend"]:
        notes.append("* lowest median epoch")
    if row["unlike"]:
        notes.append(f"no fastest backend: they differ in {row['unlike']}")
    if not row["dataset_official"]:
        notes.append(one_line(f"official: false, fingerprint {row['dataset_fingerprint']}"))
    return notes


def _safe(text: str) -> str:
    return escape(one_line(text))
