"""The backend of a launch: its CPUs, Keras imported with it, and its device."""

import gc
import importlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.core.cell import Cell, is_script
from bench.core.job import Job
from bench.worker.device import Device, find_device
from bench.worker.matched_lane import pin_cpus, prepare_framework
from bench.worker.process_info import Phases, keras_json, resident_bytes
from bench.worker.script_process import keep_downloads


class BackendError(Exception):
    """The process did not get the backend or the device of its cell."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An imported backend.

    `framework` is its module, `baseline_bytes` the resident set directly after its import, and
    `keras_json` the content of the configuration file that Keras read. The `device` is looked up
    when it is first used, because that can start the framework.
    """

    name: str
    framework: Any
    baseline_bytes: int
    keras_json: str

    @cached_property
    def device(self) -> Device:
        """The device that the framework computes on."""
        return find_device(self.name, self.framework)


def import_backend(job: Job, phases: Phases) -> Backend:
    """Import Keras with the backend, seed and precision of the job's cell.

    A script keeps its own seeds, dtype policy and tracebacks where its cell names no others.
    Raises BackendError if the backend or its device is not that of the cell.
    """
    cell = job.cell
    configuration = keras_json()
    if is_script(cell.workload):
        _prepare_downloads(job)  # before Keras is imported
    threads = pin_cpus(job.cpus) if cell.lane == "matched" else None
    _leave_our_objects()
    phases.end("harness")
    if threads is not None:
        prepare_framework(cell.backend, threads)
    import keras

    if keras.backend.backend() != cell.backend:
        raise BackendError(f"keras runs on {keras.backend.backend()}, not on {cell.backend}.")
    framework = importlib.import_module(cell.backend)
    backend = Backend(
        name=cell.backend,
        framework=framework,
        baseline_bytes=resident_bytes(),
        keras_json=configuration,
    )
    if is_script(cell.workload):
        _prepare_for_script(backend, cell)
    else:
        _check_device(backend, cell)
        keras.utils.set_random_seed(cell.seed)
        keras.config.set_dtype_policy(cell.precision)
        # The log then contains complete tracebacks, and the origin of an error shows whether it is
        # an unsupported operation (see `unsupported_reason`).
        keras.config.disable_traceback_filtering()
    phases.end("import")
    return backend


def _leave_our_objects() -> None:
    """Let Python's garbage collector not visit the objects of the harness any more.

    Tracing a model makes it run often: with them, the first `fit` on JAX took 8% longer than in
    plain Python.
    """
    gc.collect()
    gc.freeze()


def _prepare_downloads(job: Job) -> None:
    """Let a script find its downloads: stand-ins if it has any, else those of plain Keras."""
    if not job.stand_ins:
        keep_downloads()
        return
    from bench.worker.stand_ins import install_stand_ins

    install_stand_ins(Path(job.stand_ins))


def _prepare_for_script(backend: Backend, cell: Cell) -> None:
    """Set only what the user asked for: a script computes what it computes in plain Python.

    Its seed and its precision count. On a CPU, which is all that its process can see, the framework
    is not started: a script may still set the number of its threads or devices.
    """
    import keras

    if cell.device != "cpu":
        _check_device(backend, cell)
    if cell.seed:
        keras.utils.set_random_seed(cell.seed)
    if cell.precision != keras.config.floatx():
        keras.config.set_dtype_policy(cell.precision)


def _check_device(backend: Backend, cell: Cell) -> None:
    found = backend.device.kind
    if found != cell.device:
        raise BackendError(f"{cell.backend} runs on the {found}, not on the {cell.device}.")
