"""The tables of the page: the sortable comparison, times to a level, phases and provenance."""

from collections.abc import Mapping, Sequence
from math import ceil, floor, log10
from statistics import median
from typing import Any, Final, NamedTuple

from bench.core.cell import BACKENDS
from bench.core.headline import VAL_ACCURACY, Headline
from bench.core.text import sanitize_line
from bench.report.charts.data import Series
from bench.report.render.format import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    HEADLINE,
    LATENCY_FIGURES,
    METRIC_FIGURES,
    PERPLEXITY,
    PHASE_SECONDS,
    WORK_FIGURES,
    NumberFormat,
    Row,
    RowKey,
    figure_text,
    row_key,
    status_text,
)
from bench.report.render.headline import headline_text, other_headline
from bench.report.tables.metrics import PHASE_COLUMNS
from bench.stats.median_ci import Interval

Intervals = Mapping[tuple[RowKey, str], Interval]

_FIGURES: Final = (
    *(*EPOCH_FIGURES, *FIT_FIGURES, *METRIC_FIGURES, *WORK_FIGURES),
    *(PERPLEXITY, *LATENCY_FIGURES),
)
_INTERVAL: Final = "95% interval of the median"

#: The headings after those of the backend and the workload; the interval follows the median.
COLUMN_HEADINGS: Final = (_FIGURES[0].heading, _INTERVAL, *(f.heading for f in _FIGURES[1:]))
_HEADLINE: Final = NumberFormat("headline", HEADLINE, headline_text)


class Field(NamedTuple):
    """One number of a line: its text, its sort value (None sorts last), and its column."""

    text: str
    value: float | None
    column: str


class Line(NamedTuple):
    """One backend in one row of the comparison; rows are numbered from 1."""

    number: int
    row: Row
    backend: str
    status: str
    fastest: bool
    fields: list[Field]


def column_headings(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return COLUMN_HEADINGS, and those of the figures that only some rows have."""
    return (*COLUMN_HEADINGS, *(figure.heading for figure in _more(rows)))


def _more(rows: Sequence[Row]) -> list[NumberFormat]:
    """Return the figures that only some rows have: seconds of phases, and other metrics."""
    phases = [PHASE_SECONDS] if any(row["phase"] for row in rows) else []
    return [*phases, *([_HEADLINE] if any(other_headline(row) for row in rows) else [])]


def comparison_lines(rows: Sequence[Row], intervals: Intervals) -> list[Line]:
    """Return the lines of `rows`, without backends that have no record."""
    more = _more(rows)
    return [
        _line(number, row, backend, intervals, [*_FIGURES, *more])
        for number, row in enumerate(rows, start=1)
        for backend in BACKENDS
        if row[f"{backend}_status"] != "missing"
    ]


def _line(
    number: int, row: Row, backend: str, intervals: Intervals, figures: Sequence[NumberFormat]
) -> Line:
    fields = [_field(row, backend, figure) for figure in figures]
    if not fields[0].text:
        fields[0] = fields[0]._replace(text=status_text(row, backend))
    fields.insert(1, _interval(intervals.get((row_key(row), backend))))
    fastest = row["fastest_backend"] == backend
    return Line(number, row, backend, row[f"{backend}_status"], fastest, fields)


def _field(row: Row, backend: str, figure: NumberFormat) -> Field:
    value, text = row[f"{backend}_{figure.column}"], figure_text(row, backend, figure)
    if figure is _HEADLINE and text:
        text = sanitize_line(f"{row['headline_metric']} {text}")
    return Field(text, None if value is None else float(value), figure.column)


def _interval(interval: Interval | None) -> Field:
    if interval is None:
        return Field("", None, "interval")
    text = f"{interval.low:.3f} to {interval.high:.3f}"
    return Field(text, interval.high - interval.low, "interval")


#: The number of accuracy levels from 0 to 1, and of the levels that `first_at_level` shows at most.
_LEVELS: Final = 20
_MOST_LEVELS: Final = 8


class Table(NamedTuple):
    """A small table: its headings, and its lines of texts."""

    headings: list[str]
    lines: list[list[str]]


def first_at_level(series: Series, headline: Headline | None) -> Table | None:
    """Return the time at which each backend's median record first reached each level.

    Levels are of the headline metric, times are seconds of training at the ends of epochs. The
    first backend of a level is marked. None if no record has a value.
    """
    if headline is None:
        return None
    accuracy = headline.metric == VAL_ACCURACY
    elapsed = series["elapsed" if accuracy else "elapsed_headline"]
    column = "val_accuracy" if accuracy else "headline"
    if not elapsed:
        return None
    values = [line[column] for line in elapsed]
    backends = [b for b in BACKENDS if any(line["backend"] == b for line in elapsed)]
    lines = []
    for level, text in _levels(values, headline):
        reached = {
            b: min(
                (
                    line["seconds"]
                    for line in elapsed
                    if line["backend"] == b and not headline.is_better(level, line[column])
                ),
                default=None,
            )
            for b in backends
        }
        soonest = min((s for s in reached.values() if s is not None), default=None)
        lines.append([text, *(_mark(s, soonest) for s in reached.values())])
    name = "validation accuracy" if accuracy else sanitize_line(headline.metric)
    return Table([name, *(f"{backend} s" for backend in backends)], lines)


def _levels(values: Sequence[float], headline: Headline) -> list[tuple[float, str]]:
    """Return the best levels that a value reached, from the worst on, each with its text.

    They are multiples of 0.05 for a fraction, and otherwise of a round number of which at most
    _MOST_LEVELS lie between the values.
    """
    fraction = headline.unit == "points"
    step = 1 / _LEVELS if fraction else _round_step(max(values) - min(values))
    lowest, highest = ceil(_quotient(min(values), step)), floor(_quotient(max(values), step))
    if headline.mode == "max":
        numbers = list(range(max(lowest, highest - _MOST_LEVELS + 1), highest + 1))
    else:
        numbers = list(range(min(highest, lowest + _MOST_LEVELS - 1), lowest - 1, -1))
    levels = [n / round(1 / step) if step < 1 else n * step for n in numbers]
    return [(level, f"{level:.2f}" if fraction else headline_text(level)) for level in levels]


def _quotient(value: float, step: float) -> float:
    """Return value / step, without the rounding error of steps like 0.05."""
    return value * round(1 / step) if step < 1 else value / step


def _round_step(width: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of 10 that fits in `width` a few times."""
    if width <= 0:
        return 1.0
    power = 10.0 ** floor(log10(width / _MOST_LEVELS))
    return next(n * power for n in (1, 2, 5, 10) if n * power * _MOST_LEVELS >= width)


def _mark(seconds: float | None, soonest: float | None) -> str:
    if seconds is None:
        return "not reached"
    return f"{seconds:,.1f}{' (first)' if seconds == soonest else ''}"


def phases_table(cells: Sequence[Row]) -> Table | None:
    """Return the medians of every phase of `cells`, in seconds; None if no cell has phases."""
    known = [cell for cell in cells if cell["unattributed_seconds"] is not None]
    backends = [b for b in BACKENDS if any(cell["backend"] == b for cell in known)]
    if not backends:
        return None
    columns = {**PHASE_COLUMNS, "total": "wall_seconds"}
    lines = [
        [phase, *(_median(known, backend, column) for backend in backends)]
        for phase, column in columns.items()
    ]
    return Table(["phase", *(f"{backend} s" for backend in backends)], lines)


def _median(cells: Sequence[Row], backend: str, column: str) -> str:
    values = [cell[column] for cell in cells if cell["backend"] == backend]
    seconds = [value for value in values if value is not None]
    return f"{median(seconds):.3f}" if seconds else ""


def provenance_tables(entries: Sequence[Row]) -> tuple[Table, Table]:
    """Return the provenance entries of one row that differ, by backend, and the equal entries."""
    present = [backend for backend in BACKENDS if any(entry[backend] for entry in entries)]
    differing = [
        [entry["entry"], *(sanitize_line(entry[b] or "none") for b in present)]
        for entry in entries
        if entry["differs"]
    ]
    equal = [
        [entry["entry"], next((sanitize_line(entry[b]) for b in present if entry[b]), "none")]
        for entry in entries
        if not entry["differs"]
    ]
    return Table(["difference", *present], differing), Table(["entry", "value"], equal)


def row_notes(row: Row) -> list[str]:
    """Return the reservations about a row's numbers."""
    notes = []
    if row["mismatched"]:
        notes.append(f"No fastest backend is named, because they differ in {row['mismatched']}.")
    if row["lane"] == "matched" and row["stochastic_layers"]:
        notes.append(f"Not matched: the random masks of {row['stochastic_layers']}.")
    if not row["dataset_official"]:
        notes.append("The dataset is a local copy that was not verified (official: false).")
    if row["uncounted_layers"]:
        layers = row["uncounted_layers"]
        notes.append(f"No GFLOP/s, because the work of {layers} cannot be counted.")
    return notes


def gpu_memory(row: Row) -> list[str]:
    """Return one line per backend on its peak GPU memory; empty for a row on the CPU."""
    if row["device"] != "gpu":
        return []
    peaks: dict[str, Any] = {
        b: row[f"{b}_device_peak_memory_bytes"] for b in BACKENDS if row[f"{b}_status"] == "ok"
    }
    return [
        f"{b}: {'unknown' if size is None else f'{size / 1e6:,.0f} MB'}"
        for b, size in peaks.items()
    ]
