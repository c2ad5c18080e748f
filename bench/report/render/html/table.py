"""The page's comparison table: a line per row of the comparison and backend, sortable."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from bench.core.cell import BACKENDS
from bench.report.render.format import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    LATENCY_FIGURES,
    METRIC_FIGURES,
    PERPLEXITY,
    WORK_FIGURES,
    Figure,
    Row,
    RowKey,
    figure_text,
    row_key,
    status_text,
)
from bench.stats.median_ci import Interval

Intervals = Mapping[tuple[RowKey, str], Interval]

_FIGURES: Final = (
    *(*EPOCH_FIGURES, *FIT_FIGURES, *METRIC_FIGURES, *WORK_FIGURES),
    *(PERPLEXITY, *LATENCY_FIGURES),
)
_INTERVAL: Final = "95% interval of the median"

#: The headings after those of the row itself and its backend; the interval stands after the median.
HEADINGS: Final = (_FIGURES[0].heading, _INTERVAL, *(f.heading for f in _FIGURES[1:]))


class Field(NamedTuple):
    """One number of a line: what people read, what sorts (None: last), and of which column."""

    text: str
    value: float | None
    column: str


class Line(NamedTuple):
    """One backend in one row of the comparison, by the row's number from 1."""

    number: int
    row: Row
    backend: str
    status: str
    fastest: bool
    fields: list[Field]


def comparison_lines(rows: Sequence[Row], intervals: Intervals) -> list[Line]:
    """Return the lines of `rows`; the backends that have no record there are left out."""
    return [
        _line(number, row, backend, intervals)
        for number, row in enumerate(rows, start=1)
        for backend in BACKENDS
        if row[f"{backend}_status"] != "missing"
    ]


def _line(number: int, row: Row, backend: str, intervals: Intervals) -> Line:
    fields = [_field(row, backend, figure) for figure in _FIGURES]
    if not fields[0].text:
        fields[0] = fields[0]._replace(text=status_text(row, backend))
    fields.insert(1, _interval(intervals.get((row_key(row), backend))))
    fastest = row["fastest_backend"] == backend
    return Line(number, row, backend, row[f"{backend}_status"], fastest, fields)


def _field(row: Row, backend: str, figure: Figure) -> Field:
    value = row[f"{backend}_{figure.column}"]
    return Field(
        figure_text(row, backend, figure), None if value is None else float(value), figure.column
    )


def _interval(interval: Interval | None) -> Field:
    if interval is None:
        return Field("", None, "interval")
    text = f"{interval.low:.3f} to {interval.high:.3f}"
    return Field(text, interval.high - interval.low, "interval")
