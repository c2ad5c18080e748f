"""The differences between two records of a cell, as readable text."""

from collections.abc import Iterator, Mapping

from bench.core.record import Record


def diff_records(before: Record, after: Record) -> list[str]:
    """Return the differences that can affect a time or an accuracy, each as a phrase.

    Examples: `keras 3.15.1 -> 3.15.2`, `workload source`, `dataset`,
    `environment OMP_NUM_THREADS none -> 2`, `machine 0123456789ab -> ba9876543210`.
    """
    differences = list(_entries("", before.versions, after.versions))
    if before.workload_source != after.workload_source:
        differences.append("workload source")
    if before.dataset.fingerprint != after.dataset.fingerprint:
        differences.append("dataset")
    if before.protocol_version != after.protocol_version:
        differences.append(f"protocol {before.protocol_version} -> {after.protocol_version}")
    differences += _entries("environment ", before.environment, after.environment)
    if before.machine_id != after.machine_id:
        differences.append(f"machine {before.machine_id} -> {after.machine_id}")
    return differences


def _entries(prefix: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            old, new = (values.get(name, "none") or "empty" for values in (before, after))
            yield f"{prefix}{name} {old} -> {new}"
