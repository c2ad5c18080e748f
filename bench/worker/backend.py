"""The backend of a launch: its CPUs, Keras imported with it, and its device."""

import importlib
from dataclasses import dataclass
from typing import Any

from bench.core.job import Job
from bench.worker.device import Device, find_device
from bench.worker.matched_lane import pin_cpus, prepare_framework
from bench.worker.process_info import Phases, keras_json, resident_bytes


class BackendError(Exception):
    """The process did not get the backend or the device of its cell."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An imported backend.

    `framework` is its module, `baseline_bytes` the resident set directly after its import, and
    `keras_json` the content of the configuration file that Keras read.
    """

    name: str
    framework: Any
    device: Device
    baseline_bytes: int
    keras_json: str


def import_backend(job: Job, phases: Phases) -> Backend:
    """Import Keras with the backend, seed and precision of the job's cell.

    Raises BackendError if the backend or its device is not that of the cell.
    """
    cell = job.cell
    configuration = keras_json()
    threads = pin_cpus(job.cpus) if cell.lane == "matched" else None
    phases.end("harness")
    if threads is not None:
        prepare_framework(cell.backend, threads)
    import keras

    if keras.backend.backend() != cell.backend:
        raise BackendError(f"keras runs on {keras.backend.backend()}, not on {cell.backend}.")
    framework = importlib.import_module(cell.backend)
    baseline_bytes = resident_bytes()
    device = find_device(cell.backend, framework)
    if device.kind != cell.device:
        raise BackendError(f"{cell.backend} runs on the {device.kind}, not on the {cell.device}.")
    keras.utils.set_random_seed(cell.seed)
    keras.config.set_dtype_policy(cell.precision)
    # The log then contains complete tracebacks, and the origin of an error shows whether it is an
    # unsupported operation (see `unsupported_reason`).
    keras.config.disable_traceback_filtering()
    phases.end("import")
    return Backend(
        name=cell.backend,
        framework=framework,
        device=device,
        baseline_bytes=baseline_bytes,
        keras_json=configuration,
    )
