"""One launch: import, open, build, fit; the clock readings and facts of each."""

import math
import time
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from bench.cell import Cell
from bench.job import Job
from bench.record import Result
from data.dataset import Dataset, open_dataset

if TYPE_CHECKING:
    import keras


class BackendError(Exception):
    """The process did not get the backend or the device that the cell asks for."""


def run_job(job: Job) -> Result:
    """Train the job's cell once and return what was measured.

    Raises BackendError, WorkloadError, NonFiniteLossError, a DataError, or whatever the
    framework or a user's builder raises.
    """
    cell = job.cell
    start = perf_counter()
    keras = _import_keras(cell)
    imported = perf_counter()
    dataset = open_dataset(Path(job.dataset_folder))
    opened = perf_counter()
    return _train(keras, job, dataset, imported - start, opened - imported)


def _import_keras(cell: Cell) -> "keras":
    """Import keras, seeded and with the cell's precision; BackendError if it is not as asked."""
    import keras

    if keras.backend.backend() != cell.backend:
        raise BackendError(f"keras runs on {keras.backend.backend()}, not on {cell.backend}.")
    from bench.worker.settings import device_kind

    if device_kind(cell.backend) != cell.device:
        found = device_kind(cell.backend)
        raise BackendError(f"{cell.backend} runs on the {found}, not on the {cell.device}.")
    keras.utils.set_random_seed(cell.seed)
    keras.config.set_dtype_policy(cell.precision)
    return keras


def _train(
    keras: "keras", job: Job, dataset: Dataset, import_seconds: float, open_seconds: float
) -> Result:
    from bench.worker.build import build_model, encode_targets
    from bench.worker.stamps import Stamps

    cell, classes = job.cell, dataset.manifest.classes
    images = dataset.x_train[: cell.limit_train]

    build_begin = perf_counter()
    model = build_model(job, images.shape[1:], classes)
    build_end = perf_counter()
    targets = encode_targets(model, dataset.y_train[: cell.limit_train], classes)
    validation_targets = encode_targets(model, dataset.y_test, classes)
    encode_end = perf_counter()

    stamps = Stamps(cell.epochs, job.events_fd)
    fit_begin = perf_counter()
    model.fit(
        images,
        targets,
        batch_size=cell.batch_size,
        epochs=cell.epochs,
        validation_data=(dataset.x_test, validation_targets),
        callbacks=[stamps],
        verbose=0,
    )
    fit_end = perf_counter()
    return Result(
        epochs=tuple(stamps.epochs),
        import_seconds=import_seconds,
        data_open_seconds=open_seconds + encode_end - build_end,
        build_seconds=build_end - build_begin,
        first_step_seconds=stamps.first_step_seconds,
        fit_seconds_total=fit_end - fit_begin,
        train_images=len(images),
        validation_images=len(dataset.x_test),
        **_model_facts(model, cell),
    )


def _model_facts(model: "keras.Model", cell: Cell) -> dict:
    """Return the fields of a Result that are read from the process and the trained model."""
    from bench.worker.settings import resolved_settings

    return {
        "parameters": model.count_params(),
        "trainable_parameters": _count(model.trainable_variables),
        "peak_memory_bytes": _peak_memory_bytes(),
        "cpu_seconds": time.process_time(),
        "settings": resolved_settings(model, cell.backend),
    }


def _count(variables: list) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


def _peak_memory_bytes() -> int:
    """Return the largest resident set of this process.

    VmHWM, not `ru_maxrss`: the latter starts with the parent's resident set at the fork.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmHWM line")
