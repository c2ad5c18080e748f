"""The sources of models: our modules, a user's file, a saved model, keras.applications."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from bench.core.source_hash import UNSAFE

#: Our packages whose names a user's modules may also have.
_OURS = ("data", "models")


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
    """Run the user's file as a module, with its folder first on the path.

    Our modules are removed from `sys.modules`, so that `import data` finds the user's module of
    that name. All of our modules that are needed later are already imported.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS:
            del sys.modules[name]
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
