"""The subject of a certificate: everything that determines the function a backend computes."""

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from bench.core.cell import Cell
from bench.core.record import Record
from bench.core.result import Scalar

#: Resolved settings that change the computed function; others change its speed or are redundant.
_SETTINGS: Final = ("jit_compile", "dtype_policy", "floatx", "epsilon", "data_format", "tf32")
#: Variables that change only the number of threads or the allocation of memory.
_SPEED_ALONE: Final = (
    *("GLIBC_TUNABLES", "GOMP_", "KMP_", "MALLOC_", "OMP_"),
    *("MKL_NUM_", "OPENBLAS_NUM_", "TF_NUM_INTEROP_", "TF_NUM_INTRAOP_"),
)


class FunctionFingerprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One workload on one backend of one machine; equal fingerprints mean the same function.

    `forward_macs` distinguishes input sizes for which a model has the same number of parameters.
    """

    workload: str
    workload_source: str
    parameters: int | None
    forward_macs: int | None
    backend: str
    device: str
    machine_id: str
    versions: dict[str, str]
    settings: dict[str, Scalar]
    environment: dict[str, str]

    @property
    def sha256(self) -> str:
        """The sha256 (hex) over all fields."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()


def make_fingerprint(
    cell: Cell,
    *,
    workload_source: str,
    parameters: int | None,
    forward_macs: int | None,
    machine_id: str,
    versions: dict[str, str],
    settings: Mapping[str, Scalar],
    environment: Mapping[str, str],
) -> FunctionFingerprint:
    """Return the fingerprint of a cell, without the facts that change only its speed."""
    return FunctionFingerprint(
        workload=cell.workload,
        workload_source=workload_source,
        parameters=parameters,
        forward_macs=forward_macs,
        backend=cell.backend,
        device=cell.device,
        machine_id=machine_id,
        versions=versions,
        settings={name: settings.get(name) for name in _SETTINGS},
        environment={n: v for n, v in environment.items() if not n.startswith(_SPEED_ALONE)},
    )


def subject_of(record: Record) -> FunctionFingerprint | None:
    """Return the fingerprint of a record's training; None without a result."""
    if record.result is None:
        return None
    return make_fingerprint(
        record.cell,
        workload_source=record.workload_source,
        parameters=record.result.parameters,
        forward_macs=record.result.forward_macs,
        machine_id=record.machine_id,
        versions=record.versions,
        settings=record.result.settings,
        environment=record.environment,
    )
