"""`certify`: do the backends compute the same function? One certificate per workload."""

import argparse
import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic

from bench.cli.console import CommandConsole
from bench.cli.options import (
    add_output,
    add_pythons,
    add_reports,
    add_timeout,
    add_unsafe,
    add_workloads,
    check_dataset,
    positive_int,
    read_pythons,
    set_examples,
)
from bench.cli.script_options import add_script, chosen_workloads
from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.parity.certificate import Certificate, CertificateError
from bench.parity.certification import CertificationOptions, certify_workload
from bench.parity.messages import Precision
from bench.report.render.certificate import certificate_table, write_certificate
from bench.runner.progress import time_left
from bench.storage.store import StoreError, new_run_id
from bench.system.interpreter import Interpreter, find_interpreter
from bench.system.timing_lock import default_lock_path, timing_lock
from models.table import WORKLOADS


def add_certify_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the workloads and the options of `certify`."""
    add = parser.add_argument
    add_workloads(parser, "all in models/")
    add_script(parser)
    add("--backend", action="append", choices=BACKENDS, help="two or more; default: all")
    add("--batch-size", type=positive_int, default=16, metavar="N", help="images per step (16)")
    add("--steps", type=positive_int, default=10, metavar="N", help="training steps (10)")
    add("--seed", type=int, default=0, metavar="N", help="seed of the initial weights (0)")
    add_unsafe(parser)
    add_timeout(parser)
    add_pythons(parser)
    add_reports(parser)
    add_output(parser)
    set_examples(parser, "certify mlp", "certify my_model.py:build --backend jax --backend torch")


def certify_command(arguments: argparse.Namespace, console: CommandConsole) -> int:
    """Certify each workload, write and print its certificate.

    The exit code is 14 if two backends differ, and otherwise 15 if a backend could not be compared.
    Raise
    WorkloadNameError, InterpreterError, DataError or CertificateError for invalid input.
    """
    check_dataset(arguments)
    workloads = chosen_workloads(arguments, list(WORKLOADS))
    interpreters = _interpreters(arguments)
    run_id = new_run_id()
    folder = arguments.reports / "certificates" / run_id
    # Nothing is timed here, but the load would disturb a measurement that runs at the same time.
    with timing_lock(default_lock_path(), f"certificates {run_id}, process {os.getpid()}"):
        certificates = [
            _certify(name, interpreters, folder, arguments, console) for name in workloads
        ]
    status = _status(certificates)
    console.print_result(
        "Certificates",
        folder,
        lambda: {
            "command": "certify",
            "exit_code": int(status),
            "path": str(folder),
            "pairs": [
                {"workload": certificate.workload, "backends": pair.backends, "parity": pair.text}
                for certificate in certificates
                for pair in certificate.pairs
            ],
        },
    )
    return status


def _status(certificates: Sequence[Certificate]) -> ExitCode:
    """Return DIFFERS if any pair differs, else NOT_COMPARED if any backend was not compared."""
    pairs = [pair for certificate in certificates for pair in certificate.pairs]
    if any(pair.verdict != "certified" for pair in pairs):
        return ExitCode.DIFFERS
    compared = all(each.pairs and not each.failures for each in certificates)
    return ExitCode.OK if compared else ExitCode.NOT_COMPARED


def _interpreters(arguments: argparse.Namespace) -> list[Interpreter]:
    backends = list(dict.fromkeys(arguments.backend or BACKENDS))
    if len(backends) < 2:
        raise CertificateError(
            f"--backend names only {backends[0]}; name at least two backends to compare."
        )
    pythons = read_pythons(arguments)
    return [find_interpreter(backend, pythons) for backend in backends]


def _certify(
    workload: str,
    interpreters: Sequence[Interpreter],
    folder: Path,
    arguments: argparse.Namespace,
    console: CommandConsole,
) -> Certificate:
    """Certify one workload; write, print and return its certificate."""
    options = CertificationOptions(
        arguments.dataset,
        arguments.data_dir,
        arguments.batch_size,
        arguments.seed,
        arguments.steps,
        arguments.timeout,
    )
    workload_folder = folder / _folder_name(workload)
    logs, announce = workload_folder / "logs", _announcer(workload, len(interpreters), console)
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{logs} cannot be created: {error.strerror}.") from error
    certificate, quantities = certify_workload(workload, interpreters, options, logs, announce)
    write_certificate(workload_folder, certificate, quantities)
    console.print(certificate_table(certificate))
    for backend, reason in certificate.failures.items():
        console.error(f"{certificate.workload} on {backend} cannot be compared: {reason}.")
    return certificate


def _announcer(
    workload: str, backends: int, console: CommandConsole
) -> Callable[[str, Precision], None]:
    """Return a function that prints each worker as it starts, with the remaining time if known."""
    started, done, total = monotonic(), 0, 2 * backends

    def announce(backend: str, precision: Precision) -> None:
        nonlocal done
        elapsed = monotonic() - started
        remaining = f", {time_left(elapsed / done * (total - done))}" if done else ""
        done += 1
        console.print_line(f"({done}/{total}) {workload} on {backend} in {precision}{remaining}")

    return announce


def _folder_name(workload: str) -> str:
    """Return the workload's name; for a user's workload FILE-FUNCTION and a hash of its path."""
    if workload in WORKLOADS:
        return workload
    path = hashlib.sha256(workload.encode()).hexdigest()[:8]
    return f"{Path(workload).name.replace('.py:', '-')}-{path}"
