"""What has to be known of the measurement itself: machines, versions, data, commits."""

from collections.abc import Mapping, Sequence

from bench.core.record import Record
from bench.stats.quantile import lower_quartile


def measured_facts(records: Sequence[Record]) -> dict[str, list[str]]:
    """Return by name what `records` were measured with, each unlike fact once; raw text."""
    facts = {
        "Machine": [_pairs(record.machine) for record in records],
        "Versions": [_pairs(record.versions) for record in records],
        "Dataset sources": [f"{r.dataset.name}: {r.dataset.source}" for r in records],
        "Harness commit": [_commit(record) for record in records],
        "Calibration": _calibration(records),
    }
    return {name: list(dict.fromkeys(texts)) for name, texts in facts.items() if texts}


def records_sentence(records: Sequence[Record]) -> str:
    """Return how many records there are, and how their figures are made of them."""
    failed = sum(record.status == "failed" for record in records)
    instrumented = sum(record.instrumented for record in records)
    return (
        f"{len(records)} records, {failed} of them failed and {instrumented} instrumented; one "
        "process per record. Metrics, fit and first-step seconds are medians over the records, "
        "memory is the largest (MB = 1,000,000 bytes)."
    )


def _pairs(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))


def _commit(record: Record) -> str:
    if record.git.commit is None:
        return "no git checkout"
    return f"{record.git.commit}{' with uncommitted changes' if record.git.dirty else ''}"


def _calibration(records: Sequence[Record]) -> list[str]:
    """Return between which lower quartiles the calibrations next to the launches lay."""
    found = [each for record in records for each in record.calibration or ()]
    if not found:
        return []
    gemm = [lower_quartile(calibration.gemm_seconds) * 1e3 for calibration in found]
    copy = [lower_quartile(calibration.copy_seconds) * 1e3 for calibration in found]
    return [
        f"{len(found)} calibrations: matrix product {min(gemm):.1f} to {max(gemm):.1f} ms, "
        f"memory copy {min(copy):.1f} to {max(copy):.1f} ms"
    ]
