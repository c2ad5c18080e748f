"""The functions that a model's file may have beside its builder, by their documented names.

They give `fit` what a script would give it: data, callbacks and other arguments. Each is found by
its name, takes those of its parameters that it names, and is optional.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras

from bench.core.job import Job
from bench.core.model_file import FILE_FUNCTIONS, FIT_ARGUMENTS, FROM_ELSEWHERE
from bench.worker.builders import WorkloadError
from data.suggestion import did_you_mean


@dataclass(frozen=True)
class FileFunctions:
    """The functions found in a model's file, by name; `place` names the file in messages."""

    place: str = ""
    found: Mapping[str, Callable[..., Any]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        """Return whether the file has this function."""
        return name in self.found

    def call(self, name: str, **known: Any) -> Any:
        """Return the value of the function, called with those of `known` that it has."""
        function = self.found[name]
        accepted = inspect.signature(function).parameters
        return function(**{key: value for key, value in known.items() if key in accepted})

    def callbacks(self, epochs: int) -> list[keras.callbacks.Callback]:
        """Return the user's callbacks; WorkloadError for anything else than a list of them."""
        if "callbacks" not in self:
            return []
        returned = self.call("callbacks", epochs=epochs)
        if not isinstance(returned, list | tuple):
            raise self.error("callbacks", returned, "a list of Keras's callbacks")
        for each in returned:
            if not isinstance(each, keras.callbacks.Callback):
                raise self.error("callbacks", each, "a list of Keras's callbacks")
        return list(returned)

    def fit_arguments(self, batch_size: int) -> dict[str, Any]:
        """Return the other arguments of `fit`; WorkloadError for one that is not allowed."""
        if "fit_arguments" not in self:
            return {}
        returned = self.call("fit_arguments", batch_size=batch_size)
        if not isinstance(returned, dict):
            raise self.error("fit_arguments", returned, "a dictionary of arguments of fit")
        for name in returned:
            if name in FROM_ELSEWHERE:
                source = FROM_ELSEWHERE[name]
                raise WorkloadError(
                    f"{self.place}: fit_arguments returned {name!r}, which comes from {source}."
                )
            if name not in FIT_ARGUMENTS:
                hint = did_you_mean(str(name), FIT_ARGUMENTS)
                allowed = ", ".join(FIT_ARGUMENTS)
                raise WorkloadError(
                    f"{self.place}: fit_arguments returned {name!r}; {hint}allowed are {allowed}."
                )
        return returned

    def check_train(self, given: Mapping[str, Any]) -> None:
        """Raise WorkloadError where `train` would not get what the file gives for the training."""
        if "fit_arguments" in self:
            raise WorkloadError(
                f"{self.place}: fit_arguments is not used where train calls fit itself; pass them "
                "in train."
            )
        accepted = inspect.signature(self.found["train"]).parameters
        if given["sample_weight"] is not None and "sample_weight" not in accepted:
            raise WorkloadError(
                f"{self.place}: data makes sample_weight, and train has no parameter of that name."
            )

    def error(self, name: str, returned: Any, expected: str) -> WorkloadError:
        """Return the error of a function that returned another value than expected."""
        kind = type(returned).__name__
        return WorkloadError(f"{self.place}: {name} returned {kind}, where {expected} is expected.")


def file_functions(job: Job, builder: Callable[..., Any]) -> FileFunctions:
    """Return the functions that the file of a user's builder defines beside it.

    `train` counts only if it has the parameter `model`: many files have a function of that name for
    other purposes. Raises WorkloadError for a parameter that is not allowed.
    """
    location = job.builder.rpartition(":")[0]
    if not location.endswith(".py"):
        return FileFunctions()
    place = Path(location).name
    module = sys.modules[builder.__module__]
    found: dict[str, Callable[..., Any]] = {}
    for name, (allowed, _, _) in FILE_FUNCTIONS.items():
        function = getattr(module, name, None)
        if not callable(function) or not inspect.isfunction(inspect.unwrap(function)):
            continue
        if function is builder:
            continue
        if function.__module__ != module.__name__:  # imported from elsewhere
            continue
        parameters = inspect.signature(function).parameters
        if name == "train" and "model" not in parameters:
            continue
        _check_parameters(place, name, parameters, allowed)
        found[name] = function
    return FileFunctions(place, found)


def _check_parameters(
    place: str, name: str, parameters: Mapping[str, inspect.Parameter], allowed: tuple[str, ...]
) -> None:
    for parameter in parameters.values():
        flexible = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if flexible or parameter.default is not parameter.empty:
            continue
        if parameter.name in allowed and parameter.kind is not parameter.POSITIONAL_ONLY:
            continue
        hint = did_you_mean(parameter.name, allowed)
        raise WorkloadError(
            f"{place}: {name} has the parameter {parameter.name!r} without a default; "
            f"{hint}allowed are {', '.join(allowed)}, each given by its name."
        )
