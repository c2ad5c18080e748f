"""epochs.csv: the raw samples, a row per epoch."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from bench.core.record import Record
from bench.core.result import Epoch
from bench.report.tables.columns import RECORD_COLUMNS, Column, make_frame, typed
from bench.report.tables.metrics import step_seconds
from bench.report.tables.report_facts import record_facts, sorted_records

_OF_AN_EPOCH: Final = (
    Column("epoch", "Int64", "number of the epoch, from 1; empty for a failed record"),
    Column("warmup", "boolean", "True for the first epoch, which statistics leave out"),
    Column("train_seconds", "Float64", "the epoch's training time, without validation"),
    Column("validation_seconds", "Float64", "the epoch's validation time"),
    Column("tail_seconds", "Float64", "end of validation to end of the epoch"),
    Column("first_step_seconds", "Float64", "begin of the epoch to that of its second step"),
    Column("step_seconds", "Float64", "mean of all its steps but the first; empty for one step"),
    Column("loss", "Float64", "training loss"),
    Column("accuracy", "Float64", "training accuracy, 0 to 1; empty without that metric"),
    Column("val_loss", "Float64", "validation loss"),
    Column("val_accuracy", "Float64", "validation accuracy, 0 to 1; empty without that metric"),
)
EPOCHS_COLUMNS: Final = (*RECORD_COLUMNS, *_OF_AN_EPOCH)

#: What is not a field of an epoch by the column's name.
_DERIVED: Final[dict[str, Callable[[Record, Epoch], object]]] = {
    "epoch": lambda _, epoch: epoch.index + 1,
    "step_seconds": step_seconds,
}


def epochs_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per epoch of the ok records and one, without epoch, per failed record."""
    records = sorted_records(records)
    facts = make_frame([record_facts(record) for record in records], RECORD_COLUMNS)
    # A million epochs are the size to bear: a column at a time, and no mapping per row.
    epochs = [_epochs(record) for record in records]
    lengths = np.array([len(own) for own in epochs], dtype=np.intp)
    facts = facts.loc[facts.index.repeat(lengths)].reset_index(drop=True)
    values = {column.name: _values(column, records, epochs) for column in _OF_AN_EPOCH}
    own = typed(pd.DataFrame(values, dtype=object), _OF_AN_EPOCH)
    return pd.concat([facts, own], axis=1)


def _epochs(record: Record) -> tuple[Epoch | None, ...]:
    return record.result.epochs if record.result else (None,)


def _values(
    column: Column, records: Sequence[Record], epochs: Sequence[tuple[Epoch | None, ...]]
) -> list[object]:
    """Return the values of one column, None where there is no epoch."""
    value = _DERIVED.get(column.name) or (lambda _, epoch: getattr(epoch, column.name))
    return [
        None if epoch is None else value(record, epoch)
        for record, own in zip(records, epochs, strict=True)
        for epoch in own
    ]
