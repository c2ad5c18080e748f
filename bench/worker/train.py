"""One launch of a cell: open the data, build the model, run the task, and return the result."""

import math
import time
from functools import partial
from pathlib import Path
from typing import Any

import keras

from bench.core.job import Job
from bench.core.result import Result
from bench.worker.backend import Backend
from bench.worker.builders import build_model, load_matched_weights
from bench.worker.callbacks import EpochTimer, StepTimer
from bench.worker.device import device_peak_bytes
from bench.worker.flops import forward_macs
from bench.worker.inference import run_passes, time_single_predictions
from bench.worker.input_pipeline import (
    EpochOrder,
    TrainingInput,
    input_shapes,
    make_examples,
    make_feed,
)
from bench.worker.process_info import Phases, peak_resident_bytes
from bench.worker.resolved_settings import resolved_settings, stochastic_layers
from data.dataset import open_dataset
from data.named_arrays import Part, length, take

_Examples = tuple[Part, Part]


def train(job: Job, backend: Backend, phases: Phases) -> Result:
    """Run the job's cell once and return the measurements since the start of `phases`.

    Raises WorkloadError, WeightFileError, NonFiniteLossError, a DataError, or any error of the
    framework or of a user's builder.
    """
    cell = job.cell
    phases.end("harness")
    dataset = open_dataset(Path(job.dataset_folder))
    input_shape = input_shapes(job.target, dataset.x_train)
    phases.end("data_open")
    model = build_model(job, input_shape, dataset.manifest.classes)
    matched = cell.lane == "matched"
    weights_sha256 = load_matched_weights(model, job, input_shape) if matched else None
    phases.end("build")
    fits, choose = cell.task == "fit", partial(_examples, model, job, dataset.manifest.classes)
    validation = choose(dataset.x_test, dataset.y_test, cell.limit_test)
    # The examples of an epoch. Training examples are encoded only if the task trains.
    passed = choose(dataset.x_train, dataset.y_train, cell.limit_train) if fits else validation
    feed = make_feed(cell, *passed)
    phases.end("data_open")
    run = _fit if fits else _infer
    measured = run(model, job, feed, validation, phases)
    facts = {
        **_process_facts(backend),
        **_model_facts(model),
        "settings": resolved_settings(model, feed, backend, job.target),
        "weights_sha256": weights_sha256,
        "batch_order_sha256": feed.order.sha256() if feed.order else None,
        "train_images": length(passed[0]),
        "validation_images": length(validation[0]),
    }
    facts |= {"headline": job.headline or None, "headline_mode": job.headline_mode}
    phases.end("harness")
    return Result(**facts, **measured, **_phase_facts(phases))


def _examples(
    model: keras.Model, job: Job, classes: int, inputs: Part, labels: Part, limit: int | None
) -> _Examples:
    """Return the inputs and targets of one split, up to the cell's `limit`."""
    chosen = slice(limit)
    return make_examples(model, job.target, take(inputs, chosen), take(labels, chosen), classes)


def _fit(
    model: keras.Model, job: Job, feed: TrainingInput, validation: _Examples, phases: Phases
) -> dict[str, Any]:
    """Call `fit` as a user does, with our timers as its first callbacks."""
    epoch_timer = EpochTimer(job.cell.known_epochs, job.events_fd)
    step_timer = StepTimer() if job.instrumented else None
    timers = [timer for timer in (epoch_timer, step_timer) if timer is not None]
    followers = [EpochOrder(feed.order)] if feed.order else []
    begin = phases.now
    model.fit(
        **feed.arguments,
        epochs=job.cell.epochs,
        validation_data=validation,
        callbacks=[*timers, *followers],
        verbose=0,
    )
    phases.end("fit")
    return {
        "epochs": tuple(epoch_timer.epochs),
        "first_step_seconds": epoch_timer.first_step_seconds,
        "setup_seconds": epoch_timer.begin - begin,
        "teardown_seconds": phases.now - epoch_timer.end,
        "stopped_early": epoch_timer.stopped_early,
        "detail": step_timer.detail(model, feed) if step_timer else None,
    }


def _infer(
    model: keras.Model, job: Job, feed: TrainingInput, validation: _Examples, phases: Phases
) -> dict[str, Any]:
    """Evaluate or predict; the time between the passes counts as teardown."""
    begin = phases.now
    epochs = run_passes(model, job.cell, *validation, job.events_fd)
    predict = job.cell.task == "predict"
    latencies = time_single_predictions(model, validation[0]) if predict else ()
    phases.end("fit")
    passes = sum(epoch.train_seconds for epoch in epochs)
    return {
        "epochs": epochs,
        "first_step_seconds": None,
        "setup_seconds": 0.0,
        "teardown_seconds": phases.now - begin - passes,
        "latency_seconds": latencies,
    }


def _process_facts(backend: Backend) -> dict[str, Any]:
    return {
        "baseline_memory_bytes": backend.baseline_bytes,
        "peak_memory_bytes": peak_resident_bytes(),
        "device_peak_memory_bytes": device_peak_bytes(
            backend.name, backend.framework, backend.device
        ),
        "cpu_seconds": time.process_time(),
    }


def _model_facts(model: keras.Model) -> dict[str, Any]:
    macs, uncounted = forward_macs(model)
    return {
        "parameters": model.count_params(),
        "trainable_parameters": sum(math.prod(v.shape) for v in model.trainable_variables),
        "forward_macs": macs,
        "uncounted_layers": uncounted,
        "stochastic_layers": stochastic_layers(model),
    }


def _phase_facts(phases: Phases) -> dict[str, Any]:
    seconds = phases.seconds
    return {
        "entered_at": phases.begin,
        "left_at": phases.now,
        "harness_seconds": seconds["harness"],
        "import_seconds": seconds["import"],
        "data_open_seconds": seconds["data_open"],
        "build_seconds": seconds["build"],
        "fit_seconds_total": seconds["fit"],
    }
