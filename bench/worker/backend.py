"""The backend of a launch: the CPUs it may use, Keras on top of it, and the device it found."""

import importlib
from dataclasses import dataclass
from typing import Any

from bench.core.job import Job
from bench.worker.device import Device, find_device
from bench.worker.matched_lane import pin_cpus, prepare_framework
from bench.worker.phases import Phases
from bench.worker.process_info import keras_json, resident_bytes


class BackendError(Exception):
    """The process did not get the backend or the device that the cell asks for."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """An imported backend.

    `framework` is its module, `baseline_bytes` the resident set directly after its import and
    `keras_json` the configuration file that Keras read.
    """

    name: str
    framework: Any
    device: Device
    baseline_bytes: int
    keras_json: str


def import_backend(job: Job, phases: Phases) -> Backend:
    """Import Keras with the backend of the job's cell, seeded and with the cell's precision.

    Raises BackendError when the backend or its device is not the one that the cell asks for.
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
    # The log then holds all of a traceback, and a refusal is known by where it was raised.
    keras.config.disable_traceback_filtering()
    phases.end("import")
    return Backend(
        name=cell.backend,
        framework=framework,
        device=device,
        baseline_bytes=baseline_bytes,
        keras_json=configuration,
    )
