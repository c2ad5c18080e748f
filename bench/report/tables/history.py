"""history.csv: a row per run of one cell, with what changed against the row before."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from itertools import pairwise
from statistics import median
from typing import Final

import pandas as pd

from bench.core.diff import diff_records
from bench.core.record import Record
from bench.core.text import BenchError
from bench.report.tables.columns import Column, backend_version, make_frame
from bench.report.tables.comparison import COMPARISON_COLUMNS

_SHARED: Final = {
    column.name.removeprefix("jax_"): column
    for column in COMPARISON_COLUMNS
    if column.name.startswith("jax_")
}

HISTORY_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
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
            *("epoch_seconds_n", "final_val_accuracy"),
        )
    ),
    Column("reason", "string", "why the first failed record failed"),
)


def history_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per run of the one cell that `records` are of, oldest first.

    A folder of records that holds several codes, data, versions or machines has a row for each.
    Instrumented records are left out. `started_at` is that of the row's first record.
    """
    groups: dict[tuple[str, str, str], list[Record]] = {}
    for record in sorted(records, key=lambda record: (record.started_at, record.run_id)):
        if not record.instrumented:
            key = (record.run_id, record.digest, record.machine_id)
            groups.setdefault(key, []).append(record)
    firsts = [group[0] for group in groups.values()]
    changed = [[], *(diff_records(before, after) for before, after in pairwise(firsts))]
    rows = [
        {**_row(group), "changed": "; ".join(found) or None}
        for group, found in zip(groups.values(), changed, strict=False)
    ]
    return make_frame(rows, HISTORY_COLUMNS)


def _row(records: Sequence[Record]) -> dict[str, object]:
    """Return the columns of one run but `changed`; every record is of one digest."""
    first = records[0]
    results = [record.result for record in records if record.result is not None]
    seconds = [epoch.train_seconds for result in results for epoch in result.steady_epochs]
    finals = [result.epochs[-1].val_accuracy for result in results]
    scores = [score for score in finals if score is not None]
    return {
        "cell_id": first.cell.id,
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
        "final_val_accuracy": median(scores) if scores else None,
    }


#: More ids than these are no help in a sentence.
_MOST_SHOWN: Final = 5


class UnknownCellError(BenchError):
    """A name belongs to no cell of the store, or to several."""


def find_cell(name: str, cell_ids: Collection[str]) -> str:
    """Return the one of `cell_ids` that is `name` or alone contains it.

    UnknownCellError names the nearest ids when none contains it, and those that do when several do.
    """
    if name in cell_ids:
        return name
    found = sorted(cell_id for cell_id in cell_ids if name in cell_id)
    if len(found) == 1:
        return found[0]
    if found:
        more = ", …" if len(found) > _MOST_SHOWN else ""
        raise UnknownCellError(
            f"{name!r} is a part of {len(found)} cells, it must be of one: "
            f"{', '.join(found[:_MOST_SHOWN])}{more}."
        )
    nearest = get_close_matches(name, sorted(cell_ids), n=_MOST_SHOWN, cutoff=0.0)
    raise UnknownCellError(
        f"There is no cell {name!r}; the nearest are: {', '.join(nearest) or 'none'}."
    )
