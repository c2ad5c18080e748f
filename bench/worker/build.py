"""From a workload's name to a compiled Keras model and the targets that its loss wants."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import keras
import numpy as np

from bench.job import Job
from bench.worker.weights import Variable, bytes_sha256, matched_weights


class WorkloadError(Exception):
    """A workload's builder cannot be found or does not return a Keras model."""


def build_model(job: Job, input_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the compiled model of the job's workload.

    The builder gets `input_shape` and `classes` if it has parameters of these names. A model that
    comes compiled keeps its own optimizer, loss and metrics; any other gets those of the job.
    """
    if job.source:
        sys.path.insert(0, job.source)
    builder = _find_builder(job.builder)
    offered = {"input_shape": input_shape, "classes": classes}
    wanted = inspect.signature(builder).parameters
    model = builder(**{name: value for name, value in offered.items() if name in wanted})
    if not isinstance(model, keras.Model):
        raise WorkloadError(
            f"{job.builder} returned {type(model).__name__}; it must return a keras.Model."
        )
    if not model.compiled:
        model.compile(optimizer=job.optimizer, loss=job.loss, metrics=list(job.metrics))
    return model


def load_matched_weights(model: keras.Model, job: Job, input_shape: tuple[int, ...]) -> str:
    """Give `model` the weights of the lane `matched`; return the sha256 of what it then holds.

    The digest is over the raw bytes of the arrays as they are read back, in the order of
    `model.weights`. Raises WorkloadError when the model cannot be built for `input_shape`, and
    WeightFileError.
    """
    if not all(layer.built for layer in model._flatten_layers()):
        try:
            model(keras.KerasTensor((None, *input_shape)))
        except Exception as error:  # whatever the layers of a user's model raise
            raise WorkloadError(
                f"{job.builder} returned a model that cannot be built for images of shape "
                f"{input_shape} before it is fed, as the lane matched needs it: {error}"
            ) from error
    variables = [Variable(v.dtype, keras.ops.convert_to_numpy(v)) for v in model.weights]
    weights = matched_weights(job.cell.seed, variables, Path(job.weights_folder))
    for variable, array in zip(model.weights, weights, strict=True):
        variable.assign(array)
    return bytes_sha256([keras.ops.convert_to_numpy(variable) for variable in model.weights])


def encode_targets(model: keras.Model, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return what the model's loss wants of the class ids `labels`, shape (n,).

    A sparse loss gets the ids themselves, any other one-hot float32 rows of shape (n, classes).
    """
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or str(loss)
    if "sparse" in name:
        return labels
    return np.eye(classes, dtype=np.float32)[labels]


def _find_builder(builder: str) -> Callable[..., keras.Model]:
    location, _, function = builder.rpartition(":")
    module = _load_file(Path(location)) if location.endswith(".py") else _import(location)
    found = getattr(module, function, None)
    if not callable(found):
        names = sorted(n for n, v in vars(module).items() if inspect.isfunction(v) and n[0] != "_")
        raise WorkloadError(
            f"{location} has no function {function!r}; it has {', '.join(names) or 'none'}."
        )
    return found


def _import(location: str) -> ModuleType:
    return importlib.import_module(location)


def _load_file(path: Path) -> ModuleType:
    """Run the user's file as a module; its own folder is searched first for what it imports."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise WorkloadError(f"{path} cannot be loaded as a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module
