"""Declared columns: their type, the ones that several tables share, and frames made from them."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final, NamedTuple

import msgspec
import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.report.tables.phase_records import PhaseRecord, phase_of, with_phases


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
    Column("batch_size", "Int64", "images per training step; empty: a script chooses it"),
    Column("epochs", "Int64", "epochs of the cell; empty: a script chooses them"),
    Column("seed", "Int64", "random seed"),
    Column("device", "string", "`cpu` or `gpu`"),
    Column("limit_train", "Int64", "leading training images used; empty: all"),
    Column("limit_test", "Int64", "leading test images used; empty: all"),
)
_MUST_MATCH: Final = (
    Column("dataset_fingerprint", "string", "sha256 of the prepared arrays"),
    Column("workload_source", "string", "sha256 of the workload's source"),
    Column("protocol_version", "Int64", "version of the timing protocol"),
    Column("keras_version", "string", "version of Keras"),
    Column("machine_id", "string", "short hash of the machine's CPU, memory and system"),
)
_PHASE: Final = Column(
    "phase",
    "string",
    "phase of a user's own training: `fit`, `fit 2`, `script`, …; empty for an ordinary cell",
)
#: The columns that identify a row of the comparison, in every table that has such rows.
ROW_COLUMNS: Final = (*_CELL_KEY, _PHASE, *_MUST_MATCH)

#: Records with equal values in these columns share a row of the comparison: all of the cell except
#: its backend, and the facts that failed records have too.
ROW_KEY: Final = tuple(names(ROW_COLUMNS))

#: The sort order of rows: two rows that differ only in their lane are adjacent.
ROW_ORDER: Final = (*(name for name in ROW_KEY if name != "lane"), "lane")

#: The same without the phase: equal for all phases of a launch.
LAUNCH_ORDER: Final = tuple(name for name in ROW_ORDER if name != "phase")

#: The fields in which the ok records of one row must agree; otherwise the row names no fastest
#: backend and gives no ratio. Most of them come from a result, which failed records lack, so they
#: cannot be part of ROW_KEY. The two hashes are known only in the lane `matched`.
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
    "phase_calls",
)

#: The columns of epochs.csv and cells.csv that describe the record of a row.
RECORD_COLUMNS: Final = (
    Column("cell_id", "string", "readable name of the cell"),
    *_CELL_KEY[:2],
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    *_CELL_KEY[2:],
    _PHASE,
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
    """Return the table of `rows` with exactly `columns`, typed; an absent key is a missing one."""
    # Full rows of objects, because pandas would turn integers into floats if a key is absent.
    full = [[row.get(name) for name in names(columns)] for row in rows]
    return typed(pd.DataFrame(full, columns=names(columns), dtype=object), columns)


def typed(frame: pd.DataFrame, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Return the frame with each column in its declared type."""
    return frame.astype({column.name: column.dtype for column in columns})


def disagreements(cells: pd.DataFrame) -> list[str]:
    """Return the fields of MUST_AGREE in which rows of cells.csv differ; missing values agree."""
    differs = cells[list(MUST_AGREE)].nunique().gt(1)
    return [name for name in MUST_AGREE if differs[name]]


def sorted_records(records: Sequence[Record]) -> list[Record]:
    """Return the records in a fixed order: by cell, lane, backend and repetition.

    The lanes of one cell are adjacent, and instrumented records follow the plain ones. Of several
    equal records one is kept. A launch with phases is a record for each of them, in their order.
    """
    ordered: list[Record] = []
    for _, group in groupby(sorted(records, key=_order), key=_order):
        ties = list(group)
        ordered += ties if len(ties) == 1 else _by_content(ties)
    return with_phases(ordered)


def record_columns(record: Record) -> dict[str, object]:
    """Return the values of RECORD_COLUMNS."""
    return {
        **msgspec.structs.asdict(record.cell),
        "cell_id": record.cell.id,
        "phase": phase_of(record),
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
    """Return the version of the record's backend, whose package may end in `-cpu`."""
    backend = record.cell.backend
    return record.versions.get(backend) or record.versions.get(f"{backend}-cpu")


def _by_content(records: Sequence[Record]) -> list[Record]:
    """Return the records in an order that depends only on their content, without duplicates."""
    unique = {msgspec.json.encode(record, order="deterministic"): record for record in records}
    return [unique[content] for content in sorted(unique)]


def _order(record: Record) -> tuple[object, ...]:
    lanes_together = msgspec.structs.replace(record.cell, lane="default").comparison_key
    key = tuple(0 if part is None else part for part in lanes_together)
    place = (record.cell.lane, BACKENDS.index(record.cell.backend), record.instrumented)
    number = record.number if isinstance(record, PhaseRecord) else 0
    return (*key, *place, record.repetition, record.started_at, record.run_id, number)
