"""The comparison and the ratios on a terminal of 100 columns."""

from collections.abc import Collection, Sequence
from typing import Final

import pandas as pd
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bench.core.cell import BACKENDS
from bench.core.text import sanitize_line
from bench.report.render.format import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    MEMORY_FIGURES,
    METRIC_FIGURES,
    Row,
    RowKey,
    by_race,
    by_row_key,
    conditions,
    differing_text,
    figure_text,
    figures_of,
    heading,
    reason_text,
    row_key,
    status_text,
    table_rows,
    timing_notes,
)
from bench.report.render.ratios import ratio_lines, sessions_note
from bench.report.tables.build import Tables

_FIGURES: Final = (*EPOCH_FIGURES, *FIT_FIGURES, *METRIC_FIGURES[2:], *MEMORY_FIGURES)


_RATIOS_OF: Final = {
    False: "of epoch seconds; of steps, without each epoch's first; parity",
    True: "of the seconds of the complete phase; parity",
}


def comparison_renderables(
    tables: Tables, keys: Collection[RowKey] | None = None
) -> list[RenderableType]:
    """Return a table and its notes for each row of the comparison, then the notes on timing.

    With `keys`, only the rows with these keys.
    """
    rows = _shown(tables.comparison, keys)
    if not rows:
        return [Text("There is no record yet.")]
    provenance = by_row_key(_shown(tables.provenance, keys))
    parts: list[RenderableType] = []
    for row in rows:
        differing = differing_text(provenance[row_key(row)])
        parts += [_table(row), *(Text(note) for note in _notes(row, differing)), Text()]
    return [*parts, Text("\n".join(timing_notes(rows)), style="dim")]


def ratio_renderables(
    tables: Tables, keys: Collection[RowKey] | None = None
) -> list[RenderableType]:
    """Return the ratios of the newest race, each missing ratio with its reason.

    With `keys`, only the ratios of the rows with these keys. Empty if no record is of a race.
    """
    ratios = _shown(tables.ratios, keys)
    newest = max((ratio["run_id"] for ratio in ratios), default=None)
    return [_ratio_table(pairs) for pairs in by_race(ratios) if pairs[0]["run_id"] == newest]


def _shown(frame: pd.DataFrame, keys: Collection[RowKey] | None) -> list[Row]:
    rows = table_rows(frame)
    return rows if keys is None else [row for row in rows if row_key(row) in keys]


def _ratio_table(ratios: Sequence[Row]) -> Table:
    """Return the ratios of one race; a missing ratio is replaced by its reason."""
    table = _empty_table(ratios[0], f"race {ratios[0]['run_id']}")
    table.add_column("ratio", no_wrap=True)
    table.add_column(_RATIOS_OF[ratios[0]["quantity"] == "phase"])
    for name, text in ratio_lines(ratios):
        table.add_row(name, Text(sanitize_line(text)))
    if text := sessions_note(ratios):
        table.caption, table.caption_justify = Text(text), "left"
    return table


def _empty_table(row: Row, timing: str) -> Table:
    title = f"[bold]{_safe(heading(row))}[/bold]\n{_safe(conditions(row))}; {_safe(timing)}"
    return Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)


def _table(row: Row) -> Table:
    table = _empty_table(row, row["timing"])
    table.add_column("backend", no_wrap=True)
    figures = figures_of(row, _FIGURES)
    for figure in figures:
        broken = escape(figure.heading).replace("val_", "val_\n").replace("first ", "first\n")
        status = figure is EPOCH_FIGURES[0]
        table.add_column(broken, justify="right", overflow="fold", no_wrap=status)
    for backend in BACKENDS:
        fastest = row["fastest_backend"] == backend
        texts = [figure_text(row, backend, figure) for figure in figures]
        texts[0] = texts[0] or status_text(row, backend)
        name = f"{backend} *" if fastest else backend
        table.add_row(name, *texts, style="bold" if fastest else _style(row, backend))
    return table


def _style(row: Row, backend: str) -> str:
    return {"ok": "", "missing": "dim", "unsupported": "dim"}.get(row[f"{backend}_status"], "red")


def _notes(row: Row, differing: str) -> list[str]:
    """Return the facts that the table does not show, as plain text without control characters."""
    reasons = [f"{backend}: {reason_text(row, backend)}" for backend in BACKENDS]
    notes = [sanitize_line(text) for text in reasons if not text.endswith(": ")]
    if row["fastest_backend"]:
        notes.append(f"* lowest median {row['compared']}")
    if row["mismatched"]:
        notes.append(f"no fastest backend, because they differ in {row['mismatched']}")
    if row["lane"] == "matched" and row["stochastic_layers"]:
        notes.append(sanitize_line(f"not matched: the random masks of {row['stochastic_layers']}"))
    if not row["dataset_official"]:
        notes.append(sanitize_line(f"official: false, fingerprint {row['dataset_fingerprint']}"))
    return [*notes, sanitize_line(f"differences: {differing}")] if differing else notes


def _safe(text: str) -> str:
    return escape(sanitize_line(text))
