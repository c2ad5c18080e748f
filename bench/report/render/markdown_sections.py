"""The sections of report.md around the comparison: ratios, parity, time, provenance, steps."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median
from typing import Final

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.core.text import escape_markdown
from bench.report.render.format import (
    DEVICE_MEMORY,
    PARITY_NOTE,
    WORK_FIGURES,
    Row,
    RowKey,
    by_race,
    conditions,
    figure_text,
    heading,
    parity_lines,
    row_key,
)
from bench.report.render.ratios import ratio_lines, ratio_text, sessions_note
from bench.report.tables.columns import record_columns
from bench.report.tables.epochs import step_figures
from bench.report.tables.metrics import PHASE_COLUMNS

_STEP_HEADINGS: Final = (
    *("cell", "steps", "median ms", "p95 ms", "max ms", "gap median ms", "feed s"),
    "instrumented / plain epoch",
)


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> list[str]:
    """Return the lines of a table; `align` is the rule below each column after the first."""
    rules = ["---", *(align for _ in headings[1:])]
    return [f"| {' | '.join(texts)} |" for texts in (headings, rules, *rows)]


def ratios_section(ratios: Sequence[Row]) -> list[str]:
    """Return the ratios of every race, each with its interval; empty without a race."""
    if not ratios:
        return []
    phases = any(ratio["quantity"] == "phase" for ratio in ratios)
    more = " For a phase without a second epoch of fit, those of the complete phase." * phases
    lines = [
        "## Ratios",
        "",
        f"Ratios of the seconds of an epoch, and of its steps without the first one.{more} Above "
        "1, the first backend is slower. In brackets: the 95% confidence interval of the ratio.",
        "",
    ]
    for pairs in by_race(ratios):
        title = f"{heading(pairs[0])}, {conditions(pairs[0])}, run {pairs[0]['run_id']}:"
        lines += [escape_markdown(title), ""]
        lines += [*(f"- {name}: {text}" for name, text in ratio_lines(pairs)), ""]
        lines += [text, ""] if (text := sessions_note(pairs)) else []
    return lines


def parity_section(parity: Sequence[Row]) -> list[str]:
    """Return the certified parity of the workloads; empty without a certificate."""
    if not parity:
        return []
    lines = [
        f"- {escape_markdown(name)}: {escape_markdown(text)}" for name, text in parity_lines(parity)
    ]
    return ["## Parity", "", PARITY_NOTE, "", *lines, ""]


def work_section(row: Row) -> list[str]:
    """Return the work rate and memory of each backend; empty without an ok record."""
    ok = [backend for backend in BACKENDS if row[f"{backend}_status"] == "ok"]
    figures = [f for f in WORK_FIGURES if any(figure_text(row, backend, f) for backend in ok)]
    if not figures:
        return []
    lines = [[backend, *(figure_text(row, backend, f) for f in figures)] for backend in ok]
    headings = ["backend", *(figure.heading for figure in figures)]
    if row["device"] == "gpu":
        headings.append(DEVICE_MEMORY.heading)
        for line in lines:
            line.append(figure_text(row, line[0], DEVICE_MEMORY) or "unknown")
    notes = []
    if row["uncounted_layers"]:
        layers = escape_markdown(row["uncounted_layers"])
        notes = ["", f"- No GFLOP/s, because the work of {layers} cannot be counted."]
    return ["### Work and memory", "", *markdown_table(headings, lines, "---:"), *notes, ""]


def phases_section(cells: Sequence[Row]) -> list[str]:
    """Return the phases of one row's records as a table; empty if no record has phases."""
    by_backend = {
        backend: timed
        for backend in BACKENDS
        if (timed := [c for c in cells if c["backend"] == backend and _has_phases(c)])
    }
    if not by_backend:
        return []
    columns = {**PHASE_COLUMNS, "total": "wall_seconds"}
    texts = [
        [phase, *(_median_text(timed, column) for timed in by_backend.values())]
        for phase, column in columns.items()
    ]
    headings = ["phase", *(f"{backend} s" for backend in by_backend)]
    intro = "Medians over the records, computed for each phase separately."
    return ["### Where the time goes", "", intro, "", *markdown_table(headings, texts, "---:"), ""]


def _has_phases(cell: Row) -> bool:
    return cell["unattributed_seconds"] is not None


def _median_text(cells: Sequence[Row], column: str) -> str:
    seconds = [cell[column] for cell in cells if cell[column] is not None]
    return f"{median(seconds):.3f}" if seconds else ""


def provenance_section(entries: Sequence[Row]) -> list[str]:
    """Return a table of the entries that differ between backends, then the equal ones, folded."""
    present = [backend for backend in BACKENDS if any(entry[backend] for entry in entries)]
    if not present:
        return []
    differing = [
        [escape_markdown(text or "") for text in (entry["entry"], *(entry[b] for b in present))]
        for entry in entries
        if entry["differs"]
    ]
    table = markdown_table(["difference", *present], differing, "---") if differing else []
    return [
        "### Provenance",
        "",
        *(table or ["Nothing differs between the backends."]),
        "",
        "<details><summary>Equal entries</summary>",
        "",
        *_equal_entries([entry for entry in entries if not entry["differs"]]),
        "",
        "</details>",
        "",
    ]


def _equal_entries(entries: Sequence[Row]) -> list[str]:
    """Return one line per part of the provenance, with its entries as `NAME=VALUE`."""
    parts: dict[str, list[str]] = {}
    for entry in entries:
        part, _, name = entry["entry"].partition(".")
        value = next((entry[backend] for backend in BACKENDS if entry[backend]), "")
        parts.setdefault(part, []).append(f"{name}={value}")
    return [f"- {part}: {escape_markdown(', '.join(texts))}" for part, texts in parts.items()]


def steps_section(records: Sequence[Record], ratios: Sequence[Row]) -> list[str]:
    """Return one line per instrumented cell: its steps, and the cost of the instrumentation."""
    costs = {
        (row_key(ratio), ratio["denominator"]): ratio_text(ratio)
        for ratio in ratios  # of several races of a cell, the newest is last
        if ratio["kind"] == "instrumented" and ratio["quantity"] == "epoch"
    }
    cells: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if record.instrumented:
            cells.setdefault((record.cell.id, record.digest), []).append(record)
    if not cells:
        return []
    return [
        "## Steps",
        "",
        "Instrumented launches wait after every step. They explain a time but do not measure it, "
        "so no number above includes them. The warm-up epoch is excluded. A gap is the time "
        "between two steps; feed is the time to draw one epoch of batches, without training.",
        "",
        *markdown_table(
            _STEP_HEADINGS, (_step_texts(group, costs) for group in cells.values()), "---:"
        ),
        "",
        *_failures(cells.values()),
    ]


def _step_texts(records: Sequence[Record], costs: Mapping[tuple[RowKey, str], str]) -> list[str]:
    figures, first = step_figures(records), records[0]
    failed = all(record.result is None for record in records)
    steps = str(figures.n) if figures.n else "failed" if failed else "warm-up only"
    clocks = (
        *(figures.median_seconds, figures.p95_seconds, figures.max_seconds),
        figures.gap_median_seconds,
    )
    feed = figures.feed_seconds
    cost = costs.get((row_key(record_columns(first)), first.cell.backend), "")
    return [
        escape_markdown(first.cell.id),
        steps,
        *("" if seconds is None else f"{seconds * 1e3:,.3f}" for seconds in clocks),
        "" if feed is None else f"{feed:.3f}",
        cost,
    ]


def _failures(groups: Iterable[Sequence[Record]]) -> list[str]:
    reasons = [
        f"- {escape_markdown(record.cell.id)}: {escape_markdown(record.reason)}"
        for records in groups
        for record in records
        if record.reason is not None
    ]
    return [*dict.fromkeys(reasons), ""] if reasons else []
