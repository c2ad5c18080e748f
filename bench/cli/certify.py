"""Certificates from the options of the command line to their files."""

import argparse
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from bench.cli.console import CommandConsole
from bench.cli.parser import read_pythons
from bench.core.cell import BACKENDS, Cell
from bench.core.exit_codes import ExitCode
from bench.core.workload import (
    allow_unsafe,
    job_of,
    local_dataset_of,
    resolve_workload,
    source_hash,
)
from bench.parity.certificate import (
    CERTIFICATE_VERSION,
    Certificate,
    CertificateError,
    judge_quantities,
)
from bench.parity.compare import Dumps, compare_dumps
from bench.parity.fingerprint import FunctionFingerprint, make_subject
from bench.parity.messages import Precision
from bench.parity.run import Participant, run_tasks
from bench.report.render.certificate import certificate_table, write_certificate
from bench.runner.progress import time_left
from bench.storage.store import StoreError, new_run_id
from bench.system.environment import performance_variables
from bench.system.interpreter import Interpreter, changed_version, find_interpreter
from bench.system.machine import git_facts, machine_facts
from bench.system.timing_lock import default_lock_path, timing_lock
from data.catalogue import resolve_dataset
from data.dataset import open_dataset
from data.prepare import prepare
from models.table import WORKLOADS


def certify(arguments: argparse.Namespace, output: CommandConsole) -> int:
    """Certify each workload, write and tell what was found.

    The exit status is 14 when two backends differ or a backend could not be compared. A
    WorkloadNameError, an InterpreterError, a DataError or a CertificateError says what is wrong.
    """
    named = [
        allow_unsafe(name, arguments.unsafe_keras) for name in arguments.workloads or WORKLOADS
    ]
    workloads = [resolve_workload(name) for name in named]
    backends = list(dict.fromkeys(arguments.backend or BACKENDS))
    if len(backends) < 2:
        raise CertificateError(
            f"--backend names {backends[0]} alone; two backends or more can be compared."
        )
    pythons = read_pythons(arguments)
    interpreters = [find_interpreter(backend, pythons) for backend in backends]
    run_id = new_run_id()
    folder = arguments.reports / "certificates" / run_id
    # Nothing is timed here, but what is timed beside it would be disturbed.
    with timing_lock(default_lock_path(), f"certificates {run_id}, process {os.getpid()}"):
        found = [_certify(name, interpreters, folder, arguments, output) for name in workloads]
    verdicts = {pair.verdict for certificate in found for pair in certificate.pairs}
    failed = any(certificate.failures for certificate in found)
    status = ExitCode.OK if verdicts == {"certified"} and not failed else ExitCode.DIFFERS
    output.print_result(
        "Certificates",
        folder,
        lambda: {
            "command": "certify",
            "exit_code": int(status),
            "path": str(folder),
            "pairs": [
                {"workload": each.workload, "backends": pair.backends, "parity": pair.text}
                for each in found
                for pair in each.pairs
            ],
        },
    )
    return status


def _certify(
    workload: str,
    interpreters: Sequence[Interpreter],
    folder: Path,
    arguments: argparse.Namespace,
    output: CommandConsole,
) -> Certificate:
    """Run the workers of one workload, compare them, write and print its certificate."""
    dataset = resolve_dataset(arguments.dataset or local_dataset_of(workload))
    dataset_folder = prepare(dataset, data_dir=arguments.data_dir)
    size = arguments.batch_size
    entrants = [_entrant(workload, found, dataset, dataset_folder, size) for found in interpreters]
    own = folder / _folder_name(workload)
    logs, tell = _made(own / "logs"), _teller(workload, len(entrants), output)
    with (
        _unchanged(workload, interpreters) as source,
        tempfile.TemporaryDirectory(prefix="keras-bench-") as scratch,
    ):
        seed, steps = arguments.seed, arguments.steps
        dumps, failures = run_tasks(entrants, seed, steps, logs, Path(scratch), tell)
    compared = [entrant for entrant in entrants if entrant.backend not in failures]
    quantities = compare_dumps(dumps, [entrant.backend for entrant in compared])
    certificate = Certificate(
        certificate_version=CERTIFICATE_VERSION,
        workload=workload,
        subjects=tuple(_subject(entrant, source, dumps) for entrant in compared),
        pairs=judge_quantities(quantities),
        failures=failures,
        dataset=dataset,
        dataset_fingerprint=open_dataset(dataset_folder).manifest.fingerprint,
        batch_size=size,
        seed=seed,
        steps=steps,
        made_at=datetime.now(UTC).isoformat(timespec="microseconds"),
        commit=git_facts().commit,
    )
    write_certificate(own, certificate, quantities)
    _tell(certificate, output)
    return certificate


def _tell(certificate: Certificate, output: CommandConsole) -> None:
    output.print(certificate_table(certificate))
    for backend, reason in certificate.failures.items():
        output.error(f"{certificate.workload} on {backend} cannot be compared: {reason}.")


def _teller(
    workload: str, backends: int, output: CommandConsole
) -> Callable[[str, Precision], None]:
    """Return what tells of each worker before it starts, and from the second on what is left."""
    begin, done, total = monotonic(), 0, 2 * backends

    def tell(backend: str, precision: Precision) -> None:
        nonlocal done
        spent = monotonic() - begin
        left = f", {time_left(spent / done * (total - done))}" if done else ""
        done += 1
        output.print_line(f"({done}/{total}) {workload} on {backend} in {precision}{left}")

    return tell


def _entrant(
    workload: str, interpreter: Interpreter, dataset: str, dataset_folder: Path, batch_size: int
) -> Participant:
    """Return a backend with its job; the lane `matched` asks for full precision everywhere.

    What is certified is a function, whatever the size of its batches.
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


@contextmanager
def _unchanged(workload: str, interpreters: Sequence[Interpreter]) -> Iterator[str]:
    """Yield the hash of a workload's source; CertificateError where it, or a version, changes."""
    source = source_hash(workload)
    yield source
    if source_hash(workload) != source:
        raise CertificateError(f"{workload} was edited while it was certified; certify it again.")
    for interpreter in interpreters:
        if change := changed_version(interpreter):
            raise CertificateError(f"{workload} is not certified: {change}.")


def _subject(entrant: Participant, source: str, dumps: Dumps) -> FunctionFingerprint:
    """Return what an entrant that left dumps is certified as."""
    dump, cell = dumps[entrant.backend, "float32"], entrant.job.cell
    macs = dump.settings["forward_macs"]
    return make_subject(
        cell,
        workload_source=source,
        parameters=int(dump.settings["parameters"] or 0),
        forward_macs=None if macs is None else int(macs),
        machine_id=str(machine_facts()["machine_id"]),
        versions=entrant.versions,
        settings=dump.settings,
        environment=performance_variables(cell, os.environ),
    )


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made: {error.strerror}.") from error
    return folder


def _folder_name(workload: str) -> str:
    """Return a table's name, or FILE-FUNCTION of a user's workload and a hash of its path."""
    if workload in WORKLOADS:
        return workload
    path = hashlib.sha256(workload.encode()).hexdigest()[:8]
    return f"{Path(workload).name.replace('.py:', '-')}-{path}"
