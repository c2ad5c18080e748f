"""history.csv: one row per run of a cell, with the changes from the previous row."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import pairwise
from statistics import median
from typing import Final

import pandas as pd

from bench.core.diff import diff_records
from bench.core.headline import headline_of
from bench.core.record import Record
from bench.core.result import Result
from bench.core.text import BenchError
from bench.report.tables.columns import Column, backend_version, make_frame
from bench.report.tables.comparison import COMPARISON_COLUMNS
from bench.report.tables.phase_records import phase_of, training_phase_of, with_phases

_SHARED: Final = {
    column.name.removeprefix("jax_"): column
    for column in COMPARISON_COLUMNS
    if column.name.startswith("jax_")
}

HISTORY_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    Column("phase", "string", "phase of a user's own training; empty for an ordinary cell"),
    Column("run_id", "string", "the run that made the record"),
    Column("started_at", "string", "start of the worker, UTC, ISO 8601"),
    Column("changed", "string", "differences from the previous row, as `NAME BEFORE -> AFTER`"),
    Column("keras_version", "string", "version of Keras"),
    Column("backend_version", "string", "version of the backend"),
    Column("machine_id", "string", "short hash of the machine's CPU, memory and system"),
    *(
        Column(name, _SHARED[name].dtype, _SHARED[name].meaning)
        for name in (
            *("records", "failed_records"),
            *("epoch_seconds_median", "epoch_seconds_min", "epoch_seconds_max"),
            *("epoch_seconds_n", "phase_seconds_median", "final_val_accuracy"),
        )
    ),
    Column("headline_metric", "string", "the log by which the run is judged"),
    Column("headline_mode", "string", "its better direction: `max` or `min`"),
    Column("final_headline", "Float64", "median over the records of its last epoch's value"),
    Column("reason", "string", "why the first failed record failed"),
)


def history_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per run, oldest first; all `records` must be of one cell.

    A cell whose launches have phases has the rows of each phase after each other. A run whose
    records differ in code, data, versions or machine has one row for each combination. Instrumented
    records are left out. `started_at` is the start of the row's first record.
    """
    ordered = sorted(records, key=lambda record: (record.started_at, record.run_id))
    by_phase: dict[str | None, list[Record]] = {}
    for record in with_phases([record for record in ordered if not record.instrumented]):
        by_phase.setdefault(phase_of(record), []).append(record)
    rows = [row for of_phase in by_phase.values() for row in _rows(of_phase)]
    return make_frame(rows, HISTORY_COLUMNS)


def _rows(records: Sequence[Record]) -> list[dict[str, object]]:
    """Return the rows of one phase, or of a cell without phases."""
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.run_id, record.digest, record.machine_id), []).append(record)
    firsts = [group[0] for group in groups.values()]
    changes = [[], *(diff_records(before, after) for before, after in pairwise(firsts))]
    return [
        {**_row(group), "changed": "; ".join(texts) or None}
        for group, texts in zip(groups.values(), changes, strict=False)
    ]


def _row(records: Sequence[Record]) -> dict[str, object]:
    """Return all columns of one run except `changed`; all records have the same digest."""
    first = records[0]
    results = [record.result for record in records if record.result is not None]
    seconds = [epoch.train_seconds for result in results for epoch in result.steady_epochs]
    finals = [result.epochs[-1].val_accuracy for result in results if result.epochs]
    phases = [phase.seconds for record in records if (phase := training_phase_of(record))]
    scores = [score for score in finals if score is not None]
    return {
        "cell_id": first.cell.id,
        "phase": phase_of(first),
        "run_id": first.run_id,
        "started_at": first.started_at,
        "keras_version": first.versions.get("keras"),
        "backend_version": backend_version(first),
        "machine_id": first.machine_id,
        "records": len(results),
        "failed_records": len(records) - len(results),
        "reason": next((record.reason for record in records if record.reason), None),
        "epoch_seconds_median": median(seconds) if seconds else None,
        "epoch_seconds_min": min(seconds, default=None),
        "epoch_seconds_max": max(seconds, default=None),
        "epoch_seconds_n": len(seconds) or None,
        "phase_seconds_median": median(phases) if phases else None,
        "final_val_accuracy": median(scores) if scores else None,
        **_headline(results),
    }


def _headline(results: Sequence[Result]) -> dict[str, object]:
    """Return the headline columns; empty if the results name several metrics."""
    headlines = {headline for result in results if (headline := headline_of(result))}
    if len(headlines) != 1:
        return {}
    [headline] = headlines
    values = [value for result in results if (value := headline.final(result)) is not None]
    return {
        "headline_metric": headline.metric,
        "headline_mode": headline.mode,
        "final_headline": median(values) if values else None,
    }


#: An error message lists at most this many ids.
_MOST_SHOWN: Final = 5


class UnknownCellError(BenchError):
    """A name matches no cell of the store, or several."""


def find_cell(name: str, cell_ids: Collection[str]) -> str:
    """Return the id that equals `name`, or the only one of `cell_ids` that contains it.

    UnknownCellError lists the most similar ids if none contains `name`, or all ids that do if there
    are several.
    """
    if name in cell_ids:
        return name
    matches = sorted(cell_id for cell_id in cell_ids if name in cell_id)
    if len(matches) == 1:
        return matches[0]
    if matches:
        more = ", …" if len(matches) > _MOST_SHOWN else ""
        raise UnknownCellError(
            f"{name!r} matches {len(matches)} cells, but must match one: "
            f"{', '.join(matches[:_MOST_SHOWN])}{more}."
        )
    nearest = get_close_matches(name, sorted(cell_ids), n=_MOST_SHOWN, cutoff=0.0)
    raise UnknownCellError(
        f"There is no cell {name!r}; the most similar are: {', '.join(nearest) or 'none'}."
    )
