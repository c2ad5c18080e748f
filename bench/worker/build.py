"""From a workload's name to a compiled Keras model."""

import inspect
import sys
from pathlib import Path
from typing import Any

import keras

from bench.core.job import Job
from bench.worker.builders import WorkloadError, find_builder
from bench.worker.input_pipeline import symbolic
from bench.worker.matched_lane import Variable, bytes_sha256, matched_weights


def build_model(job: Job, input_shape: Any, classes: int) -> keras.Model:
    """Return the compiled model of the job's workload.

    The builder receives `input_shape` (by name if there are several inputs) and `classes` if it has
    parameters with these names. A model that is already compiled keeps its optimizer, loss and
    metrics; any other model is compiled with those of the job.
    """
    if job.source:
        sys.path.insert(0, job.source)
    builder = find_builder(job.builder)
    arguments = {"input_shape": input_shape, "classes": classes}
    accepted = inspect.signature(builder).parameters
    model = builder(**{name: value for name, value in arguments.items() if name in accepted})
    if not isinstance(model, keras.Model):
        raise WorkloadError(
            f"{job.builder} returned {type(model).__name__}; it must return a keras.Model."
        )
    if not model.compiled:
        optimizer = keras.optimizers.get(job.optimizer)
        model.compile(optimizer=optimizer, loss=job.loss, metrics=list(job.metrics))
    return model


def load_matched_weights(model: keras.Model, job: Job, input_shape: Any) -> str:
    """Set the weights of the lane `matched` on `model`; return the sha256 of its weights after it.

    The digest covers the raw bytes of the arrays as they are read back, in the order of
    `model.weights`. Raises WorkloadError if the model cannot be built for `input_shape`, and
    WeightFileError.
    """
    if not all(layer.built for layer in model._flatten_layers()):
        try:
            model(symbolic(input_shape))
        except Exception as error:  # whatever the layers of a user's model raise
            raise WorkloadError(
                f"{job.builder} returned a model that cannot be built for inputs of shape "
                f"{input_shape} before training, as the lane matched requires: {error}"
            ) from error
    variables = [Variable(v.dtype, keras.ops.convert_to_numpy(v)) for v in model.weights]
    weights = matched_weights(job.cell.seed, variables, Path(job.weights_folder))
    for variable, array in zip(model.weights, weights, strict=True):
        variable.assign(array)
    return bytes_sha256([keras.ops.convert_to_numpy(variable) for variable in model.weights])
