"""From the name of a builder to a built and compiled model."""

import importlib
import importlib.util
import inspect
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from bench.core.job import Job
from bench.core.source_hash import UNSAFE
from bench.worker.matched_lane import Variable, bytes_sha256, matched_weights
from bench.worker.script_process import forget_our_modules

#: The models that their builders returned uncompiled.
_COMPILED_BY_RECIPE: "weakref.WeakSet[keras.Model]" = weakref.WeakSet()


class WorkloadError(Exception):
    """A workload's builder cannot be found or does not return a Keras model."""


def find_builder(builder: str) -> Callable[..., Any]:
    """Return the function that `builder` names; raises WorkloadError if it does not exist.

    Forms are `module:function`, `/path/FILE.py:FUNCTION`, `applications:NAME` and
    `/path/FILE.keras`, which is loaded in Keras's safe mode unless it is prefixed with `unsafe:`.
    """
    if builder.endswith(".keras"):
        path = Path(builder.removeprefix(UNSAFE))
        return lambda: _load_saved(path, safe_mode=not builder.startswith(UNSAFE))
    location, _, function = builder.rpartition(":")
    if location == "applications":
        return _application(function)
    is_file = location.endswith(".py")
    module = _load_file(Path(location)) if is_file else importlib.import_module(location)
    build = getattr(module, function, None)
    if not callable(build):
        names = sorted(n for n, v in vars(module).items() if inspect.isfunction(v) and n[0] != "_")
        raise WorkloadError(
            f"{location} has no function {function!r}; its functions: {', '.join(names) or 'none'}."
        )
    return build


def _load_file(path: Path) -> ModuleType:
    """Run the user's file as a module, with its folder first on the path."""
    forget_our_modules()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise WorkloadError(f"{path} cannot be loaded as a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _load_saved(path: Path, *, safe_mode: bool) -> Any:
    """Return the model of a `.keras` file; the safe mode refuses files that contain code."""
    try:
        return keras.saving.load_model(path, safe_mode=safe_mode)
    except (OSError, TypeError, ValueError) as error:
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        reason = line.split(". ")[0].rstrip(".")  # the rest is advice about arguments of Keras
        if not safe_mode:
            raise WorkloadError(f"{path} cannot be loaded ({reason}).") from error
        raise WorkloadError(
            f"{path} cannot be loaded in Keras's safe mode ({reason}); write a model that contains "
            "code as FILE.py:FUNCTION, or run it with --unsafe-keras if you trust it."
        ) from error


def _application(name: str) -> Callable[..., Any]:
    application = getattr(keras.applications, name, None)
    if not inspect.isfunction(application):
        names = sorted(n for n, v in vars(keras.applications).items() if inspect.isfunction(v))
        raise WorkloadError(f"keras.applications has no {name}; its models: {', '.join(names)}.")
    options = inspect.signature(application).parameters

    def build(input_shape: tuple[int, ...], classes: int) -> Any:
        plain = {"include_preprocessing": False} if "include_preprocessing" in options else {}
        model = application(weights=None, input_shape=input_shape, classes=classes, **plain)
        if any(isinstance(layer, keras.layers.Rescaling) for layer in model.layers):
            return model  # for example EfficientNet, which always includes preprocessing
        inputs = keras.Input(input_shape)
        scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(inputs)
        return keras.Model(inputs, model(scaled), name=model.name)

    return build


def load_builder(job: Job) -> Callable[..., Any]:
    """Return the builder of the job's workload; raises as `find_builder` does."""
    if job.source and job.source not in sys.path:
        sys.path.insert(0, job.source)
    return find_builder(job.builder)


def build_model(
    job: Job,
    input_shape: Any,
    classes: int,
    builder: Callable[..., Any] | None = None,
    *,
    compiled: bool = True,
) -> keras.Model:
    """Return the compiled model of the job's workload, made by `builder` if it is loaded already.

    The builder receives `input_shape` (by name if there are several inputs) and `classes` if it has
    parameters with these names; WorkloadError if one is not known and has no default. A model that
    is already compiled keeps its optimizer, loss and metrics; any other model is compiled with
    those of the job, if it is to be `compiled`.
    """
    builder = builder or load_builder(job)
    model = builder(**_arguments(builder, job, input_shape, classes))
    if not isinstance(model, keras.Model):
        raise WorkloadError(
            f"{job.builder} returned {type(model).__name__}; it must return a keras.Model."
        )
    if compiled and not model.compiled:
        optimizer = keras.optimizers.get(job.optimizer)
        model.compile(optimizer=optimizer, loss=job.loss, metrics=list(job.metrics))
        _COMPILED_BY_RECIPE.add(model)
    return model


def compiled_by_recipe(model: keras.Model) -> bool:
    """Return whether a model was compiled here, and not by its builder."""
    return model in _COMPILED_BY_RECIPE


def _arguments(
    builder: Callable[..., Any], job: Job, input_shape: Any, classes: int
) -> dict[str, Any]:
    """Return what the builder has parameters for; WorkloadError where it is not known."""
    known = {"input_shape": input_shape, "classes": classes or None}
    reasons = {
        "input_shape": "the data are not arrays",
        "classes": "the targets are not class ids from 0",
    }
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(builder).parameters.items():
        if known.get(name) is not None:
            arguments[name] = known[name]
        elif name in known and parameter.default is parameter.empty:
            raise WorkloadError(
                f"{job.builder} has the parameter {name!r}, which is not known here because "
                f"{reasons[name]}; remove it, or give it a default."
            )
    return arguments


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


def symbolic(input_shape: Any) -> Any:
    """Return symbolic inputs, tensors without values, with which a model can be built."""
    if isinstance(input_shape, dict):
        return {name: keras.KerasTensor((None, *shape)) for name, shape in input_shape.items()}
    return keras.KerasTensor((None, *input_shape))
