"""Prepare a model for a certificate: one precision, no randomness, informative weights."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from bench.worker.activations import has_call, to_numpy
from bench.worker.matched_lane import Variable, draw_weights
from bench.worker.resolved_settings import RATES

#: The prefix of layers that change inputs randomly and have no rate to set to 0.
_ALTERS = "Random"


class PrecisionError(Exception):
    """The backend cannot compute a reference in float64."""


def in_precision(inputs: Any, precision: str) -> Any:
    """Return an array of inputs in `precision`; integers wider than a byte, as indices, stay."""
    index = inputs.dtype.kind in "iu" and inputs.dtype.itemsize > 1
    return np.asarray(inputs) if index else np.asarray(inputs, dtype=precision)


def allow_float64() -> None:
    """Let Keras promote float32 and float64 to float64; raises PrecisionError if it cannot.

    On JAX and PyTorch, Keras promotes mixed types to float32, whatever floatx is. For example,
    BatchNormalization would compute its "reference" in float32.
    """
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64", None)
    if dtypes.result_type("float64", "float32") != "float64":
        raise PrecisionError("this version of Keras cannot compute in float64 on this backend")


def prepare_model(model: Any, image: Any, seed: int) -> Any:
    """Return the model, built, without randomness and with weights that affect every layer."""
    for layer in model._flatten_layers():
        for name in RATES:
            if isinstance(getattr(layer, name, None), float):
                # The rate of a recurrent layer is that of its cell, which is visited separately.
                with suppress(AttributeError):
                    setattr(layer, name, 0.0)
        for name in ("scale", "offset"):
            if isinstance(getattr(layer, name, None), float):
                # TensorFlow converts a Python float to float32 before it casts.
                setattr(layer, name, np.float64(getattr(layer, name)))
        if type(layer).__name__.startswith(_ALTERS):
            object.__setattr__(layer, "call", _switched_off(layer.call))
    if has_call(model):
        model(image, training=False)
    for index, variable in enumerate(model.weights):
        variable.assign(draw_spread(seed, index, np.asarray(to_numpy(variable))))
    return model


def _switched_off(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a layer's call that always runs in inference mode."""

    def off(*inputs: Any, **options: Any) -> Any:
        return call(*inputs, **{**options, "training": False})

    return off


def draw_spread(seed: int, index: int, value: Any) -> Any:
    """Return the `index`-th variable's value for a certificate, exact in float32.

    In contrast to the lane `matched`, no floating variable stays zero or one, because a missing
    bias or an unused gamma would go unnoticed. Positive values, such as ones and variances, are
    multiplied by 0.5 to 1.5. Zeros become normal with a standard deviation of 0.05. Integers stay.
    """
    if not np.issubdtype(value.dtype, np.floating):
        return value
    generator = np.random.default_rng([seed, index])
    if np.all(value > 0):
        return (value * generator.uniform(0.5, 1.5, value.shape)).astype(np.float32)
    if np.all(value == 0):
        return generator.normal(0.0, 0.05, value.shape).astype(np.float32)
    return draw_weights(seed, index, Variable("float32", value.astype(np.float32)))
