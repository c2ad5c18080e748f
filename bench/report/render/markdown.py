"""report.md: the comparison as Markdown, with the evidence for it."""

from collections.abc import Collection, Sequence

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.core.text import escape_markdown
from bench.report.charts.data import newest_ratios
from bench.report.charts.render import figure_caption, figure_name
from bench.report.render.format import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    HEADLINE,
    METRIC_FIGURES,
    NumberFormat,
    Row,
    by_row_key,
    conditions,
    figure_text,
    figures_of,
    heading,
    reason_text,
    row_key,
    status_text,
    table_rows,
    timing_notes,
)
from bench.report.render.markdown_sections import (
    markdown_table,
    parity_section,
    phases_section,
    provenance_section,
    ratios_section,
    steps_section,
    work_section,
)
from bench.report.render.summary import summarise_row
from bench.report.tables.build import Tables
from bench.report.tables.provenance import measured_facts, records_sentence

_FIGURES = (*FIT_FIGURES, *METRIC_FIGURES)


def report_markdown(tables: Tables, title: str, figures: Collection[str] = ()) -> str:
    """Return the document: verdicts, ratios, one section per row, steps and the measurement.

    `figures` are the names of the files in the folder `figures` next to report.md.
    """
    lines = [f"# {escape_markdown(title)}", ""]
    if not tables.records:
        return "\n".join([*lines, "There is no record yet.", ""])
    rows, ratios = table_rows(tables.comparison), table_rows(tables.ratios)
    cells = by_row_key(cell for cell in table_rows(tables.cells) if not cell["instrumented"])
    provenance = by_row_key(table_rows(tables.provenance))
    lines += _verdicts(rows, ratios)
    lines += [*ratios_section(ratios), *parity_section(table_rows(tables.parity))]
    lines += ["How to read the times:", ""]
    lines += [*(f"- {note}" for note in timing_notes(rows)), ""]
    for number, row in enumerate(rows, start=1):
        key = row_key(row)
        lines += [*_section(row), *_figure(figure_name(number, row), row, figures)]
        lines += [
            *work_section(row),
            *phases_section(cells[key]),
            *provenance_section(provenance[key]),
        ]
    lines += steps_section(tables.launches, ratios)
    return "\n".join([*lines, *_how_measured(tables.launches), ""])


def _verdicts(rows: Sequence[Row], ratios: Sequence[Row]) -> list[str]:
    newest = newest_ratios(ratios)
    lines = [
        f"- **{escape_markdown(heading(row))}** ({escape_markdown(conditions(row))}): "
        f"{escape_markdown(summarise_row(row, newest.get(row_key(row), [])))}"
        for row in rows
    ]
    return [*lines, ""]


def _figure(name: str, row: Row, figures: Collection[str]) -> list[str]:
    if name not in figures:
        return []
    return [f"![{escape_markdown(figure_caption(row))}](figures/{name})", ""]


def _section(row: Row) -> list[str]:
    fingerprint = escape_markdown(row["dataset_fingerprint"])
    official = "true" if row["dataset_official"] else "false"
    facts = f"`official: {official}`, fingerprint {fingerprint}"
    versions = f"Keras {row['keras_version'] or 'unknown'}, machine {row['machine_id']}"
    figures = figures_of(row, _FIGURES)
    headings = ["backend", "epoch s: median [min to max], n", *map(_heading, figures)]
    texts = (_backend_texts(row, backend, figures) for backend in BACKENDS)
    return [
        f"## {escape_markdown(heading(row))}",
        "",
        f"{escape_markdown(conditions(row))}. {row['timing'].capitalize()}.",
        f"Dataset: {facts}. {escape_markdown(versions)}.",
        "",
        *markdown_table(headings, texts, "---:"),
        "",
        *_notes(row),
    ]


def _heading(figure: NumberFormat) -> str:
    """Return the heading, escaped where it is the name of a user's metric."""
    return escape_markdown(figure.heading) if figure.column == HEADLINE else figure.heading


def _notes(row: Row) -> list[str]:
    notes = [
        f"- {backend}: {escape_markdown(reason)}"
        for backend in BACKENDS
        if (reason := reason_text(row, backend))
    ]
    if row["mismatched"]:
        fields = escape_markdown(row["mismatched"])
        notes.append(f"- No fastest backend is named, because they differ in {fields}.")
    if row["lane"] == "matched" and row["stochastic_layers"]:
        layers = escape_markdown(row["stochastic_layers"])
        notes.append(
            f"- Not matched: the random masks of {layers}, because each backend draws its own."
        )
    return [*notes, ""] if notes else []


def _backend_texts(row: Row, backend: str, figures: Sequence[NumberFormat]) -> list[str]:
    name = f"**{backend}** (fastest)" if row["fastest_backend"] == backend else backend
    median, low, high, n = (figure_text(row, backend, figure) for figure in EPOCH_FIGURES)
    epoch = f"{median} [{low} to {high}], n={n}" if median else status_text(row, backend)
    return [name, epoch, *(figure_text(row, backend, figure) for figure in figures)]


def _how_measured(records: Sequence[Record]) -> list[str]:
    lines = ["## How it was measured", "", records_sentence(records), ""]
    for name, texts in measured_facts(records).items():
        lines += [f"- {name}:", *(f"  - {escape_markdown(text)}" for text in texts)]
    return lines
