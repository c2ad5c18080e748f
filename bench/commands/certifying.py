"""Certificates from the options of the command line to their files."""

import argparse
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from bench.cell import BACKENDS, Cell
from bench.certify.certificate import (
    CERTIFICATE_VERSION,
    DECIDING,
    Certificate,
    PairVerdict,
    judge_quantities,
)
from bench.certify.compare import Dumps, compare_dumps
from bench.certify.measure import Entrant, run_tasks
from bench.report.certificates import certificate_table, write_certificate
from bench.certify.task import Precision
from bench.interpreter import Interpreter, find_interpreter
from bench.machine import git_facts, machine_facts
from bench.output import Output
from bench.workload import job_of, resolve_workload, source_hash
from data.dataset import open_dataset
from data.prepare import prepare
from models.table import WORKLOADS

#: What the shell sees when two backends differ, or one could not be compared.
DIFFERS = 14
BATCH_SIZE = 16


def certify(arguments: argparse.Namespace, output: Output) -> int:
    """Certify each workload, write and tell what was found; return 14 unless all are certified."""
    names = [resolve_workload(name) for name in arguments.workloads or WORKLOADS]
    backends = arguments.backend or list(BACKENDS)
    interpreters = [find_interpreter(backend, {}) for backend in backends]
    codes = [_certify_one(name, interpreters, arguments, output) for name in names]
    return max(codes)


def _certify_one(
    workload: str,
    interpreters: Sequence[Interpreter],
    arguments: argparse.Namespace,
    output: Output,
) -> int:
    begin = monotonic()
    dataset_folder = prepare(arguments.dataset, data_dir=arguments.data_dir)
    entrants = [_entrant(workload, found, dataset_folder, arguments) for found in interpreters]
    total, done = 2 * len(entrants), 0

    def tell(backend: str, precision: Precision) -> None:
        nonlocal done
        spent = monotonic() - begin
        left = f", about {spent / done * (total - done):.0f} s left" if done else ""
        done += 1
        output.say(f"({done}/{total}) {workload} on {backend} in {precision}{left}")

    folder = _folder(arguments.reports, workload)
    dumps, failures = run_tasks(
        entrants, arguments.seed, arguments.steps, folder / "logs", tell
    )
    compared = [entrant.backend for entrant in entrants if entrant.backend not in failures]
    quantities = compare_dumps(dumps, compared)
    certificate = _certificate(
        workload, arguments, entrants, dumps, failures, judge_quantities(quantities)
    )
    path = write_certificate(folder, certificate, quantities)
    output.print(certificate_table(certificate))
    for backend, reason in failures.items():
        output.complain(f"{workload} on {backend} cannot be compared: {reason}.")
    says = {pair.says for pair in certificate.pairs}
    output.finish("Certificate", path, lambda: {"command": "certify", "path": str(path)})
    return 0 if says == {"certified"} and not failures else DIFFERS


def _entrant(
    workload: str, interpreter: Interpreter, dataset_folder: Path, arguments: argparse.Namespace
) -> Entrant:
    """Return a backend with its job; the lane `matched` asks for full precision everywhere."""
    cell = Cell(
        workload=workload,
        dataset=arguments.dataset,
        backend=interpreter.backend,
        lane="matched",
        batch_size=BATCH_SIZE,
        epochs=1,
    )
    return Entrant(
        backend=interpreter.backend,
        python=interpreter.python,
        versions=interpreter.versions,
        job=job_of(cell, dataset_folder),
    )


def _certificate(
    workload: str,
    arguments: argparse.Namespace,
    entrants: Sequence[Entrant],
    dumps: Dumps,
    failures: dict[str, str],
    pairs: tuple[PairVerdict, ...],
) -> Certificate:
    settings = {b: dump.settings for (b, precision), dump in dumps.items() if precision == "float32"}
    shapes = next((dump.stage("structure").values() for dump in dumps.values()), ())
    dataset = open_dataset(Path(entrants[0].job.dataset_folder))
    return Certificate(
        certificate_version=CERTIFICATE_VERSION,
        workload=workload,
        workload_source=source_hash(workload),
        parameters=sum(int(shape.prod()) for shape in shapes),
        dataset=arguments.dataset,
        dataset_fingerprint=dataset.manifest.fingerprint,
        batch_size=BATCH_SIZE,
        seed=arguments.seed,
        steps=arguments.steps,
        device=entrants[0].job.cell.device,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=git_facts().commit,
        machine=machine_facts(),
        versions={entrant.backend: entrant.versions for entrant in entrants},
        settings={b: {name: found.get(name) for name in DECIDING} for b, found in settings.items()},
        pairs=pairs,
        failures=failures,
    )


def _folder(reports: Path, workload: str) -> Path:
    """Return the folder of a workload's certificate; of a user's file a short hash tells which."""
    name = Path(workload).name.replace(":", "-")
    if workload not in WORKLOADS:
        name += f"-{hashlib.sha256(workload.encode()).hexdigest()[:8]}"
    return reports / "certificates" / name
