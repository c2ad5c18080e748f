"""metrics.csv: every log of every epoch, one row per value."""

from collections.abc import Iterator, Sequence
from typing import Final

import pandas as pd

from bench.core.record import Record
from bench.report.tables.columns import Column, names, sorted_records, typed
from bench.report.tables.phase_records import phase_of

METRICS_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    Column("run_id", "string", "the run that made the record"),
    Column("repetition", "Int64", "number of the repetition, from 0"),
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    Column("instrumented", "boolean", "True: timed step by step"),
    Column("phase", "string", "phase of a user's own training; empty for an ordinary cell"),
    Column("epoch", "Int64", "number of the epoch, from 1"),
    Column("split", "string", "`train` or `validation`; all logs of `evaluate` are `validation`"),
    Column("metric", "string", "Keras's name of the log, without `val_`"),
    Column("value", "Float64", "the log's value; empty: it was NaN or infinite"),
)

_VALIDATION: Final = "val_"


def metrics_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per log of each epoch of each ok record, in the order of the logs."""
    rows = [row for record in sorted_records(records) for row in _rows(record)]
    # The table may have millions of rows, so it is built by column, without a mapping per row.
    columns = zip(*rows, strict=True) if rows else ((),) * len(METRICS_COLUMNS)
    values = dict(zip(names(METRICS_COLUMNS), map(list, columns), strict=True))
    return typed(pd.DataFrame(values, dtype=object), METRICS_COLUMNS)


def _rows(record: Record) -> Iterator[tuple[object, ...]]:
    """Yield the values of METRICS_COLUMNS for each log."""
    cell = record.cell
    place = (cell.id, record.run_id, record.repetition, cell.backend, record.instrumented)
    for epoch in record.result.epochs if record.result else ():
        for name, value in epoch.logs.items():
            yield (*place, phase_of(record), epoch.index + 1, *_split(name), value)


def _split(log: str) -> tuple[str, str]:
    """Return the split and the metric of a log."""
    if log.startswith(_VALIDATION):
        return "validation", log.removeprefix(_VALIDATION)
    return "train", log
