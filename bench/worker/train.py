"""One launch of a cell: open the data, build the model, run the task, and return the result."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import keras

from bench.core.job import Job
from bench.core.result import Result
from bench.worker.backend import Backend
from bench.worker.builders import WorkloadError, load_matched_weights
from bench.worker.call_facts import call_facts, parameter_counts
from bench.worker.callbacks import EpochTimer, StepTimer
from bench.worker.file_functions import FileFunctions
from bench.worker.flops import forward_macs
from bench.worker.inference import run_passes, time_single_predictions
from bench.worker.input_pipeline import EpochOrder, TrainingInput, make_feed
from bench.worker.launch_facts import phase_facts, process_facts
from bench.worker.loaded_workload import LoadedWorkload
from bench.worker.matched_lane import bytes_sha256
from bench.worker.process_info import Phases
from bench.worker.resolved_settings import resolved_settings, stochastic_layers
from bench.worker.split import Split
from bench.worker.targets import noting_targets
from bench.worker.trainer_calls import TrainerCalls, with_history

#: The arguments of `fit` that select, order or weight the examples of a batch.
_OF_BATCHES: Final = ("sample_weight", "shuffle", "steps_per_epoch", "validation_split")


def train(job: Job, backend: Backend, phases: Phases) -> Result:
    """Run the job's cell once and return the measurements since the start of `phases`.

    Raises WorkloadError, WeightFileError, NonFiniteLossError, a DataError, or any error of the
    framework or of a user's builder.
    """
    cell = job.cell
    phases.end("harness")
    workload = LoadedWorkload(job, phases)
    _check_lane(job, workload)
    trains_itself = cell.task == "fit" and "train" in workload.functions
    model = workload.build(compiled=not trains_itself)
    weights_sha256 = _first_weights(model, job, workload.input_shape)
    phases.end("build")
    training, validation = _splits(workload, model, job)
    feed = make_feed(cell, training)
    phases.end("data_open")
    form = workload.target_form(model)
    with noting_targets(form, training.y):
        if cell.task != "fit":
            measured = _infer(model, job, training, phases)
        elif trains_itself:
            measured = _train_own(model, job, feed, validation, workload.functions, phases)
        else:
            measured = _fit(model, job, feed, validation, workload.functions, phases)
    facts = {
        **process_facts(backend),
        **_model_facts(model, job),
        "settings": resolved_settings(model, feed, backend, job.target) | workload.settings(form),
        "weights_sha256": weights_sha256,
        "batch_order_sha256": feed.order.sha256() if feed.order else None,
        "train_images": training.examples,
        "validation_images": validation.examples if validation else None,
    }
    phases.end("harness")
    return Result(**{**facts, **measured}, **phase_facts(phases))


def _check_lane(job: Job, workload: LoadedWorkload) -> None:
    """Raise WorkloadError where the lane `matched` cannot give every backend the same batches."""
    if job.cell.lane != "matched":
        return
    reason = "every backend gets the same batches of arrays"
    if not workload.training.is_arrays:
        kind = workload.training.kind
        raise WorkloadError(f"In the lane matched {reason}, and the data are of type {kind}.")
    if "train" in workload.functions:
        raise WorkloadError(f"In the lane matched {reason}, and `train` makes its own.")


def _first_weights(model: keras.Model, job: Job, input_shape: Any) -> str | None:
    """Give the model the weights of its lane; return the sha256 of weights that are prescribed."""
    if job.weights:
        return bytes_sha256([keras.ops.convert_to_numpy(variable) for variable in model.weights])
    matched = job.cell.lane == "matched"
    return load_matched_weights(model, job, input_shape) if matched else None


def _splits(workload: LoadedWorkload, model: keras.Model, job: Job) -> tuple[Split, Split | None]:
    """Return the examples of an epoch and those of validation, up to the cell's limits.

    An epoch of `evaluate` and `predict` is a pass over the validation data; training examples are
    encoded only if the task trains. Raises WorkloadError if there are no validation data then.
    """
    validation = workload.validation
    if validation is not None:
        validation = workload.examples(model, _limited(validation, job.cell.limit_test))
    if job.cell.task == "fit":
        training = _limited(workload.training, job.cell.limit_train)
        return workload.examples(model, training), validation
    if validation is None:
        raise WorkloadError(f"The task {job.cell.task} needs validation data, and there are none.")
    return validation, validation


def _limited(split: Split, limit: int | None) -> Split:
    return split.take(slice(limit)) if split.is_arrays else split


def _fit(
    model: keras.Model,
    job: Job,
    feed: TrainingInput,
    validation: Split | None,
    functions: FileFunctions,
    phases: Phases,
) -> dict[str, Any]:
    """Call `fit` as a user does, with our timers as its first callbacks."""
    epochs = job.cell.known_epochs
    epoch_timer = EpochTimer(epochs, job.events_fd)
    step_timer = StepTimer() if job.instrumented else None
    timers = [timer for timer in (epoch_timer, step_timer) if timer is not None]
    followers = [EpochOrder(feed.order)] if feed.order else []
    others = functions.fit_arguments(job.cell.known_batch_size)
    if job.cell.lane == "matched":
        _check_matched(others)
    callbacks = [*timers, *followers, *functions.callbacks(epochs)]
    begin = phases.now
    model.fit(
        **{**feed.arguments, **others},
        epochs=epochs,
        validation_data=validation.validation_data if validation else None,
        callbacks=callbacks,
        verbose=0,
    )
    phases.end("fit")
    return {
        **_images(model, feed.split, validation, others),
        "epochs": with_history(epoch_timer.epochs, model),
        "first_step_seconds": epoch_timer.first_step_seconds,
        "setup_seconds": epoch_timer.begin - begin,
        "teardown_seconds": phases.now - epoch_timer.end,
        "stopped_early": epoch_timer.stopped_early,
        "detail": step_timer.detail(model, feed) if step_timer else None,
    }


def _check_matched(others: Mapping[str, Any]) -> None:
    """Raise WorkloadError for an argument of `fit` that changes the batches of the lane matched."""
    for name in _OF_BATCHES:
        if name in others:
            raise WorkloadError(
                "In the lane matched every backend gets the same batches of arrays, and "
                f"fit_arguments returned {name!r}, which changes them."
            )


def _images(
    model: keras.Model, training: Split, validation: Split | None, others: Mapping[str, Any]
) -> dict[str, int | None]:
    """Return the numbers of images of an epoch as `fit` uses them; None where they are unknown."""
    given = {"self": model, **training.arguments, **others}
    if validation is not None:
        given["validation_data"] = validation.validation_data
    facts = call_facts("fit", given)
    return {
        "train_images": None if "steps_per_epoch" in others else facts["train_images"],
        "validation_images": None if "validation_steps" in others else facts["validation_images"],
    }


def _train_own(
    model: keras.Model,
    job: Job,
    feed: TrainingInput,
    validation: Split | None,
    functions: FileFunctions,
    phases: Phases,
) -> dict[str, Any]:
    """Call the `train` of the user's file, and measure each of its calls as a phase."""
    given = {
        **{name: getattr(feed.split, name) for name in ("x", "y", "sample_weight")},
        "validation_data": validation.validation_data if validation else None,
    }
    functions.check_train(given)
    calls = TrainerCalls(Path(job.builder.rpartition(":")[0]).parent, phases, job.events_fd)
    with calls.measured():
        functions.call(
            "train",
            model=model,
            **given,
            batch_size=job.cell.known_batch_size,
            epochs=job.cell.known_epochs,
            callbacks=functions.callbacks(job.cell.known_epochs),
        )
    return {"epochs": (), "phases": calls.finish(), "first_step_seconds": None}


def _infer(model: keras.Model, job: Job, examples: Split, phases: Phases) -> dict[str, Any]:
    """Evaluate or predict; the time between the passes counts as teardown."""
    begin = phases.now
    epochs = run_passes(model, job.cell, examples, job.events_fd)
    one_by_one = job.cell.task == "predict" and examples.is_arrays
    latencies = time_single_predictions(model, examples.x) if one_by_one else ()
    phases.end("fit")
    passes = sum(epoch.train_seconds for epoch in epochs)
    return {
        "epochs": epochs,
        "first_step_seconds": None,
        "setup_seconds": 0.0,
        "teardown_seconds": phases.now - begin - passes,
        "latency_seconds": latencies,
    }


def _model_facts(model: keras.Model, job: Job) -> dict[str, Any]:
    """Return the model's counts and headline metric.

    The counts of a model that is not built are None, with the reason.
    """
    macs, uncounted = forward_macs(model)
    facts = {
        "forward_macs": macs,
        "uncounted_layers": uncounted,
        "stochastic_layers": stochastic_layers(model),
        "headline": job.headline or None,
        "headline_mode": job.headline_mode,
    }
    try:
        return facts | parameter_counts(model)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        return facts | {
            "parameters": None,
            "trainable_parameters": None,
            "uncounted_reason": f"{type(model).__name__} counts no parameters: {reason}",
        }
