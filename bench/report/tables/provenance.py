"""provenance.csv: the settings, versions and other facts of each backend, and their differences."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.report.tables.columns import (
    ROW_COLUMNS,
    ROW_KEY,
    ROW_ORDER,
    Column,
    make_frame,
    record_columns,
    sorted_records,
)
from bench.stats.quantile import lower_quartile

PROVENANCE_COLUMNS: Final = (
    *ROW_COLUMNS,
    Column(
        "entry",
        "string",
        "PART.NAME, where PART is settings, environment, version, machine, git or dataset",
    ),
    *(
        Column(backend, "string", f"its value on {backend}; several: joined by `; `; empty: none")
        for backend in BACKENDS
    ),
    Column("differs", "boolean", "True: the backends that have a record differ in it"),
)

#: The parts of an entry's name, in the order of the rows.
PROVENANCE_PARTS: Final = ("settings", "environment", "version", "machine", "git", "dataset")


def provenance_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per entry of each row of the comparison, without instrumented records.

    An entry that one backend lacks differs. Only ok records have settings, so a backend with only
    failed records does not make them differ.
    """
    groups: defaultdict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in sorted_records(records):
        if not record.instrumented:
            facts = record_columns(record)
            groups[tuple(facts[name] for name in ROW_KEY)].append(record)
    rows = [
        {**dict(zip(ROW_KEY, key, strict=True)), **row}
        for key, group in groups.items()
        for row in _rows(group)
    ]
    # The sort is stable, so the entries of a row keep their order.
    return make_frame(rows, PROVENANCE_COLUMNS).sort_values(
        list(ROW_ORDER), kind="stable", ignore_index=True
    )


def _rows(records: Sequence[Record]) -> Iterator[dict[str, object]]:
    """Yield the columns of PROVENANCE_COLUMNS from `entry` on, for the records of one row."""
    for part in PROVENANCE_PARTS:
        by_backend = _values(records, part)
        for name in sorted({name for values in by_backend.values() for name in values}):
            entry = {backend: values.get(name, set()) for backend, values in by_backend.items()}
            yield {
                "entry": f"{part}.{name}",
                **{b: "; ".join(sorted(texts)) if texts else None for b, texts in entry.items()},
                "differs": len({*map(frozenset, entry.values())}) > 1
                or any(len(texts) > 1 for texts in entry.values()),
            }


def _values(records: Sequence[Record], part: str) -> dict[str, dict[str, set[str]]]:
    """Return the distinct values of `part` by backend and name, without backends that lack it."""
    by_backend: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for record in records:
        facts = _facts(record, part)
        if facts is not None:
            values = by_backend[record.cell.backend]
            for name, value in facts.items():
                values[name].add(str(value))
    return {backend: dict(values) for backend, values in by_backend.items()}


def _facts(record: Record, part: str) -> Mapping[str, object] | None:
    parts: dict[str, Mapping[str, object] | None] = {
        "settings": record.result.settings if record.result else None,
        "environment": record.environment,
        "version": record.versions,
        "machine": record.machine,
        "git": msgspec.structs.asdict(record.git),
        "dataset": {"official": record.dataset.official, "source": record.dataset.source},
    }
    return parts[part]


def measured_facts(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return the facts of the measurement by name, each distinct text once, not escaped.

    `records` are the launches.
    """
    facts = {
        "Machine": [_pairs(record.machine) for record in records],
        "Versions": [_pairs(record.versions) for record in records],
        "Dataset sources": [f"{r.dataset.name}: {r.dataset.source}" for r in records],
        "Harness commit": [_commit(record) for record in records],
        "Calibration": _calibration(records),
    }
    return {name: list(dict.fromkeys(texts)) for name, texts in facts.items() if texts}


def records_sentence(records: Sequence[Record]) -> str:
    """Return the number of records, and the statistics by which they are summarised."""
    failed = sum(record.status == "failed" for record in records)
    instrumented = sum(record.instrumented for record in records)
    return (
        f"{len(records)} records, {failed} of them failed and {instrumented} instrumented; one "
        "process per record. Metrics, fit and first-step seconds are medians over the records; "
        "memory is their maximum (MB = 1,000,000 bytes)."
    )


def _pairs(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))


def _commit(record: Record) -> str:
    if record.git.commit is None:
        return "no git checkout"
    return f"{record.git.commit}{' with uncommitted changes' if record.git.dirty else ''}"


def _calibration(records: Sequence[Record]) -> list[str]:
    """Return the range of the lower quartiles of the calibrations before and after launches."""
    calibrations = [each for record in records for each in record.calibration or ()]
    if not calibrations:
        return []
    gemm = [lower_quartile(calibration.gemm_seconds) * 1e3 for calibration in calibrations]
    copy = [lower_quartile(calibration.copy_seconds) * 1e3 for calibration in calibrations]
    return [
        f"{len(calibrations)} calibrations: matrix product {min(gemm):.1f} to {max(gemm):.1f} ms, "
        f"memory copy {min(copy):.1f} to {max(copy):.1f} ms"
    ]
