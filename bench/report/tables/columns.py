"""What a column is, the columns that several tables share, and tables made of declared columns."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.record import Record


class Column(NamedTuple):
    """One column; `meaning` is its explanation in the reference."""

    name: str
    dtype: str
    meaning: str


def names(columns: tuple[Column, ...]) -> list[str]:
    """Return the names of `columns` in order."""
    return [column.name for column in columns]


_CELL_KEY: Final = (
    Column("workload", "string", "name of the workload, or `FILE.py:FUNCTION`"),
    Column("dataset", "string", "name of the dataset"),
    Column(
        "task",
        "string",
        "`fit`, `evaluate` or `predict`; an epoch of the last two is a pass over the images",
    ),
    Column("lane", "string", "how it was run: `default` or `matched`"),
    Column("precision", "string", "Keras dtype policy"),
    Column("batch_size", "Int64", "images per training step"),
    Column("epochs", "Int64", "epochs of the cell"),
    Column("seed", "Int64", "random seed"),
    Column("device", "string", "`cpu` or `gpu`"),
    Column("limit_train", "Int64", "leading training images used; empty: all"),
    Column("limit_test", "Int64", "leading test images used; empty: all"),
)
_MUST_MATCH: Final = (
    Column("dataset_fingerprint", "string", "sha256 of the prepared arrays"),
    Column("workload_source", "string", "sha256 of the workload's source"),
    Column("protocol_version", "Int64", "version of what the harness times"),
    Column("keras_version", "string", "version of Keras"),
    Column("machine_id", "string", "short hash of the machine's CPU, memory and system"),
)
#: The columns that name a row of the comparison, in every table that has such rows.
ROW_COLUMNS: Final = (*_CELL_KEY, *_MUST_MATCH)

#: What records must share to stand in one row of a comparison: the cell but its backend, and
#: the facts that are known of failed records too.
ROW_KEY: Final = tuple(names(ROW_COLUMNS))

#: How rows are sorted: two that differ in their lane alone stand one below the other.
ROW_ORDER: Final = (*(name for name in ROW_KEY if name != "lane"), "lane")

#: What the ok records of one row must agree in, or the row names no fastest backend and gives no
#: ratio. Most of it only a result holds, so it cannot be part of the key, in which failed records
#: have to fit. The last two are known in the lane `matched` alone.
MUST_AGREE: Final = (
    "parameters",
    "trainable_parameters",
    "forward_macs",
    "train_images",
    "validation_images",
    "settings_dtype_policy",
    "settings_floatx",
    "settings_epsilon",
    "settings_data_format",
    "settings_affinity_cpus",
    "environment",
    "weights_sha256",
    "batch_order_sha256",
)

#: What epochs.csv and cells.csv say of the record that a row belongs to.
RECORD_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    *_CELL_KEY[:2],
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    *_CELL_KEY[2:],
    Column("repetition", "Int64", "number of the repetition, from 0"),
    Column(
        "instrumented",
        "boolean",
        "True: timed step by step; such a launch does not count as a measurement of the cell",
    ),
    Column("run_id", "string", "the run that made the record"),
    Column("digest", "string", "sha256 of everything on which the record depends"),
    *_MUST_MATCH,
    Column("status", "string", "`ok`, `unsupported` or `failed`"),
    Column("reason", "string", "why it failed; empty when ok"),
)


def make_frame(rows: Sequence[Mapping[str, object]], columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return the table of `rows` with exactly `columns`, typed; what a row lacks is missing."""
    # Objects in full rows: pandas would turn integers beside a missing key into floats.
    full = [[row.get(name) for name in names(columns)] for row in rows]
    return typed(pd.DataFrame(full, columns=names(columns), dtype=object), columns)


def typed(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return the frame with each column in its declared type."""
    return frame.astype({column.name: column.dtype for column in columns})


def disagreements(cells: pd.DataFrame) -> list[str]:
    """Return in which fields of MUST_AGREE rows of cells.csv differ; a missing value agrees."""
    several = cells[list(MUST_AGREE)].nunique().gt(1)
    return [name for name in MUST_AGREE if several[name]]


def sorted_records(records: Sequence[Record]) -> list[Record]:
    """Return the records in one fixed order, by cell, lane, backend and repetition.

    Lanes of one cell stand together, an instrumented record after the plain ones; equal ones once.
    """
    found: list[Record] = []
    for _, group in groupby(sorted(records, key=_order), key=_order):
        alike = list(group)
        found += alike if len(alike) == 1 else _by_content(alike)
    return found


def record_columns(record: Record) -> dict[str, object]:
    """Return the values of RECORD_COLUMNS."""
    return {
        **msgspec.structs.asdict(record.cell),
        "cell_id": record.cell.id,
        "repetition": record.repetition,
        "instrumented": record.instrumented,
        "run_id": record.run_id,
        "digest": record.digest,
        "dataset_fingerprint": record.dataset.fingerprint,
        "workload_source": record.workload_source,
        "protocol_version": record.protocol_version,
        "keras_version": record.versions.get("keras"),
        "machine_id": record.machine_id,
        "status": record.status,
        "reason": record.reason,
    }


def backend_version(record: Record) -> str | None:
    """Return the version of the record's backend, which may be a `-cpu` package."""
    backend = record.cell.backend
    return record.versions.get(backend) or record.versions.get(f"{backend}-cpu")


def _by_content(records: Sequence[Record]) -> list[Record]:
    """Return the records in an order that is theirs alone; equal ones once."""
    unique = {msgspec.json.encode(record, order="deterministic"): record for record in records}
    return [unique[content] for content in sorted(unique)]


def _order(record: Record) -> tuple[object, ...]:
    lanes_together = msgspec.structs.replace(record.cell, lane="default").comparison_key
    key = tuple(0 if part is None else part for part in lanes_together)
    place = (record.cell.lane, BACKENDS.index(record.cell.backend), record.instrumented)
    return (*key, *place, record.repetition, record.started_at, record.run_id)
