"""Records in one fixed order, and what every row about a record says of it."""

from collections.abc import Sequence
from itertools import groupby

import msgspec

from bench.core.cell import BACKENDS
from bench.core.record import Record


def sorted_records(records: Sequence[Record]) -> list[Record]:
    """Return the records in one fixed order, by cell, lane, backend and repetition.

    Lanes of one cell stand together, an instrumented record after the plain ones; equal ones once.
    """
    found: list[Record] = []
    for _, group in groupby(sorted(records, key=_order), key=_order):
        alike = list(group)
        found += alike if len(alike) == 1 else _by_content(alike)
    return found


def record_facts(record: Record) -> dict[str, object]:
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
