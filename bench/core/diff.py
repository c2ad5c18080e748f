"""What changed between two records of a cell, in words."""

from collections.abc import Iterator, Mapping

from bench.core.record import Record


def diff_records(before: Record, after: Record) -> list[str]:
    """Return everything that a time or an accuracy may depend on and that differs.

    Such as `keras 3.15.1 -> 3.15.2`, `workload source`, `dataset`,
    `environment OMP_NUM_THREADS none -> 2`, `machine 0123456789ab -> ba9876543210`.
    """
    found = list(_entries("", before.versions, after.versions))
    if before.workload_source != after.workload_source:
        found.append("workload source")
    if before.dataset.fingerprint != after.dataset.fingerprint:
        found.append("dataset")
    if before.protocol_version != after.protocol_version:
        found.append(f"protocol {before.protocol_version} -> {after.protocol_version}")
    found += _entries("environment ", before.environment, after.environment)
    if before.machine_id != after.machine_id:
        found.append(f"machine {before.machine_id} -> {after.machine_id}")
    return found


def _entries(part: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            old, new = (values.get(name, "none") or "empty" for values in (before, after))
            yield f"{part}{name} {old} -> {new}"
