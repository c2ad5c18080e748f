"""epochs.csv and steps.csv: the raw samples, one row per epoch and per instrumented step."""

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

import numpy as np
import pandas as pd

from bench.core.headline import headline_of
from bench.core.record import Record
from bench.core.result import Epoch, Result
from bench.report.tables.columns import (
    RECORD_COLUMNS,
    Column,
    make_frame,
    record_columns,
    sorted_records,
    typed,
)
from bench.report.tables.metrics import step_seconds

_OF_AN_EPOCH: Final = (
    Column(
        "epoch",
        "Int64",
        "number of the epoch, from 1; empty for a failed record and a phase without epochs",
    ),
    Column("warmup", "boolean", "True for the first epoch, which statistics exclude"),
    Column("train_seconds", "Float64", "the epoch's training time, without validation"),
    Column("validation_seconds", "Float64", "the epoch's validation time"),
    Column("tail_seconds", "Float64", "end of validation to end of the epoch"),
    Column("first_step_seconds", "Float64", "start of the epoch to the start of its second step"),
    Column(
        "step_seconds",
        "Float64",
        "mean of all steps except the first; empty for an epoch of one step",
    ),
    Column("loss", "Float64", "training loss"),
    Column("accuracy", "Float64", "training accuracy, 0 to 1; empty without that metric"),
    Column("val_loss", "Float64", "validation loss"),
    Column("val_accuracy", "Float64", "validation accuracy, 0 to 1; empty without that metric"),
    Column("headline", "Float64", "the record's headline_metric, as in `cells.csv`"),
    Column(
        "train_headline", "Float64", "the same metric in training; empty if it is one of training"
    ),
)
EPOCHS_COLUMNS: Final = (*RECORD_COLUMNS, *_OF_AN_EPOCH)

#: The columns whose value is not the field of that name of an epoch.
_DERIVED: Final[dict[str, Callable[[Record, Epoch], object]]] = {
    "epoch": lambda _, epoch: epoch.index + 1,
    "step_seconds": step_seconds,
    "headline": lambda record, epoch: _headline(record, epoch, "of"),
    "train_headline": lambda record, epoch: _headline(record, epoch, "of_training"),
}


def _headline(record: Record, epoch: Epoch, part: Literal["of", "of_training"]) -> float | None:
    """Return the value of the record's headline metric in validation or in training."""
    headline = headline_of(record.result) if record.result else None
    return None if headline is None else getattr(headline, part)(epoch)


def epochs_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per epoch of each ok record, and one row without epoch per other record.

    Those are the failed records, and phases of a user's own code.
    """
    records = sorted_records(records)
    facts = make_frame([record_columns(record) for record in records], RECORD_COLUMNS)
    # The table may have a million rows, so it is built by column, without a mapping per row.
    epochs = [_epochs(record) for record in records]
    lengths = np.array([len(of_record) for of_record in epochs], dtype=np.intp)
    facts = facts.loc[facts.index.repeat(lengths)].reset_index(drop=True)
    values = {column.name: _values(column, records, epochs) for column in _OF_AN_EPOCH}
    samples = typed(pd.DataFrame(values, dtype=object), _OF_AN_EPOCH)
    return pd.concat([facts, samples], axis=1)


def _epochs(record: Record) -> tuple[Epoch | None, ...]:
    return (record.result.epochs if record.result else ()) or (None,)


def _values(
    column: Column, records: Sequence[Record], epochs: Sequence[tuple[Epoch | None, ...]]
) -> list[object]:
    """Return the values of one column, None for a row without epoch."""
    value = _DERIVED.get(column.name) or (lambda _, epoch: getattr(epoch, column.name))
    return [
        None if epoch is None else value(record, epoch)
        for record, of_record in zip(records, epochs, strict=True)
        for epoch in of_record
    ]


STEPS_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    Column("run_id", "string", "the run that made the record"),
    Column("repetition", "Int64", "number of the repetition, from 0"),
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    Column("epoch", "Int64", "number of the epoch, from 1; 1 is the warm-up"),
    Column("step", "Int64", "number of the step in its epoch, from 1"),
    Column("step_seconds", "Float64", "start of the step to the arrival of its logs"),
    Column(
        "gap_seconds",
        "Float64",
        "end of the step to the start of the next one; empty for the last step",
    ),
)


class StepFigures(NamedTuple):
    """Statistics of the steady steps of one cell's instrumented records; None without a step.

    `feed_seconds` is the median over the records of the time to draw one epoch of batches.
    """

    n: int
    median_seconds: float | None
    p95_seconds: float | None
    max_seconds: float | None
    gap_median_seconds: float | None
    feed_seconds: float | None


def steps_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per step of each instrumented record, including warm-up epochs."""
    rows = []
    for record in sorted_records(records):
        facts = {
            "cell_id": record.cell.id,
            "run_id": record.run_id,
            "repetition": record.repetition,
            "backend": record.cell.backend,
        }
        for epoch, steps, gaps in _epoch_steps(record.result):
            for number, (step, gap) in enumerate(zip_longest(steps, gaps), start=1):
                seconds = {"step_seconds": step, "gap_seconds": gap}
                rows.append({**facts, "epoch": epoch.index + 1, "step": number, **seconds})
    return make_frame(rows, STEPS_COLUMNS)


def step_figures(records: Sequence[Record]) -> StepFigures:
    """Return the statistics of all steps of the records together, without warm-up epochs."""
    results = [record.result for record in records if record.result and record.result.detail]
    steady = [parts for result in results for parts in _epoch_steps(result) if not parts[0].warmup]
    steps = [seconds for _, steps, _ in steady for seconds in steps]
    return StepFigures(
        n=len(steps),
        median_seconds=_quantile(steps, 0.5),
        p95_seconds=_quantile(steps, 0.95),
        max_seconds=_quantile(steps, 1.0),
        gap_median_seconds=_quantile([gap for _, _, gaps in steady for gap in gaps], 0.5),
        feed_seconds=_quantile(
            [s for r in results if r.detail and (s := r.detail.feed_seconds) is not None], 0.5
        ),
    )


def _epoch_steps(result: Result | None) -> Iterator[tuple[Epoch, Sequence[float], Sequence[float]]]:
    """Yield each epoch with the seconds of its steps and of the gaps after them."""
    if result is not None and result.detail is not None:
        detail = result.detail
        yield from zip(result.epochs, detail.step_seconds, detail.gap_seconds, strict=False)


def _quantile(seconds: Sequence[float], fraction: float) -> float | None:
    return float(np.quantile(seconds, fraction)) if seconds else None
