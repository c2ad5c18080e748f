"""One workload's certificate: the workers of all its backends, compared quantity by quantity."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from bench.core.cell import Cell
from bench.core.workload import job_of, local_dataset_of, own_data_fingerprint, source_hash
from bench.parity.certificate import (
    CERTIFICATE_VERSION,
    Certificate,
    CertificateError,
    judge_quantities,
)
from bench.parity.compare import BackendArrays, compare_backends
from bench.parity.fingerprint import FunctionFingerprint, make_fingerprint
from bench.parity.messages import Precision
from bench.parity.quantity import ComparedQuantity
from bench.parity.run import Participant, run_tasks
from bench.runner.dataset import DATASET_TIMEOUT_SECONDS, prepare_data
from bench.system.environment import resolve_environment
from bench.system.interpreter import Interpreter, changed_version
from bench.system.machine import git_facts, machine_facts
from data.dataset import open_dataset
from data.registry import resolve_dataset


class CertificationOptions(NamedTuple):
    """The images, weights and steps with which backends are compared.

    With `dataset` None, a dataset is used that fits the workload and needs no download.
    """

    dataset: str | None = None
    data_dir: Path | None = None
    batch_size: int = 16
    seed: int = 0
    steps: int = 10
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS


def certify_workload(
    workload: str,
    interpreters: Sequence[Interpreter],
    options: CertificationOptions,
    logs: Path,
    announce: Callable[[str, Precision], None],
) -> tuple[Certificate, list[ComparedQuantity]]:
    """Run the workers of one workload and return its certificate with every compared quantity.

    `announce` is called with backend and precision before each worker starts. Raises DataError,
    WorkloadNameError, and CertificateError if the source or a version changes in the meantime.
    """
    dataset = resolve_dataset(options.dataset or local_dataset_of(workload))
    folder = prepare_data(dataset, options.data_dir, options.timeout_seconds)
    participants = [
        _participant(workload, interpreter, dataset, folder, options.batch_size)
        for interpreter in interpreters
    ]
    with (
        _unchanged(workload, interpreters) as source,
        tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch,
    ):
        arrays, failures = run_tasks(
            participants,
            options.seed,
            options.steps,
            logs,
            Path(scratch),
            announce,
            options.timeout_seconds,
        )
    compared = [each for each in participants if each.backend not in failures]
    quantities = compare_backends(arrays, [each.backend for each in compared])
    fingerprints = tuple(_fingerprint(each, source, arrays) for each in compared)
    subject = (workload, dataset, _data_fingerprint(workload, folder))
    return _make_certificate(subject, fingerprints, quantities, failures, options), quantities


def _make_certificate(
    subject: tuple[str, str, str],
    fingerprints: tuple[FunctionFingerprint, ...],
    quantities: Sequence[ComparedQuantity],
    failures: dict[str, str],
    options: CertificationOptions,
) -> Certificate:
    workload, dataset, dataset_fingerprint = subject
    return Certificate(
        certificate_version=CERTIFICATE_VERSION,
        workload=workload,
        subjects=fingerprints,
        pairs=judge_quantities(quantities),
        failures=failures,
        dataset=dataset,
        dataset_fingerprint=dataset_fingerprint,
        batch_size=options.batch_size,
        seed=options.seed,
        steps=options.steps,
        made_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        commit=git_facts().commit,
    )


def _participant(
    workload: str,
    interpreter: Interpreter,
    dataset: str,
    dataset_folder: Path | None,
    batch_size: int,
) -> Participant:
    """Return a backend with its job; the lane `matched` sets full precision on every backend.

    A certificate is about a function and holds for any batch size.
    """
    cell = Cell(
        workload=workload,
        dataset=dataset,
        backend=interpreter.backend,
        lane="matched",
        batch_size=batch_size,
        epochs=1,
    )
    return Participant(
        backend=interpreter.backend,
        python=interpreter.python,
        versions=interpreter.versions,
        job=job_of(cell, dataset_folder),
    )


def _data_fingerprint(workload: str, folder: Path | None) -> str:
    if folder is None:
        return own_data_fingerprint(workload)
    return open_dataset(folder).manifest.fingerprint


@contextmanager
def _unchanged(workload: str, interpreters: Sequence[Interpreter]) -> Iterator[str]:
    """Yield the hash of a workload's source; raises CertificateError if it or a version changes."""
    source = source_hash(workload)
    yield source
    if source_hash(workload) != source:
        raise CertificateError(f"{workload} was edited while it was certified; certify it again.")
    for interpreter in interpreters:
        if change := changed_version(interpreter):
            raise CertificateError(f"{workload} is not certified: {change}.")


def _fingerprint(
    participant: Participant, source: str, arrays: BackendArrays
) -> FunctionFingerprint:
    """Return the fingerprint of the function that computed a participant's arrays."""
    settings, cell = arrays[participant.backend, "float32"].settings, participant.job.cell
    macs = settings["forward_macs"]
    return make_fingerprint(
        cell,
        workload_source=source,
        parameters=int(settings["parameters"] or 0),
        forward_macs=None if macs is None else int(macs),
        machine_id=str(machine_facts()["machine_id"]),
        versions=participant.versions,
        settings=settings,
        environment=resolve_environment(cell, os.environ).performance,
    )
