"""A model prepared for a certificate: in one precision, not random, with telling weights."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from bench.worker.activations import to_numpy
from bench.worker.matched_lane import Variable, draw_weights
from bench.worker.resolved_settings import RATES
from data.named_arrays import each

#: Layers that alter at random and have no rate to be set to 0.
_ALTERS = "Random"


class PrecisionError(Exception):
    """The backend cannot compute a reference in float64."""


def in_precision(inputs: Any, precision: str) -> Any:
    """Return images in `precision`; what is wider than a byte and whole, as an index is, stays."""

    def change(array: Any) -> Any:
        index = array.dtype.kind in "iu" and array.dtype.itemsize > 1
        return np.asarray(array) if index else np.asarray(array, dtype=precision)

    return each(inputs, change)


def allow_float64() -> None:
    """Let Keras keep float64 where it has both that and float32; PrecisionError if it does not.

    On JAX and PyTorch Keras takes float32 wherever it has to choose one type of several, whatever
    floatx is: BatchNormalization, say, would compute a "reference" in float32.
    """
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE.pop("float64", None)
    if dtypes.result_type("float64", "float32") != "float64":
        raise PrecisionError("this version of Keras has no float64 reference on this backend")


def prepare_model(model: Any, image: Any, seed: int) -> Any:
    """Return the model, built, without randomness and with weights that no layer is blind to."""
    for layer in model._flatten_layers():
        for name in RATES:
            if isinstance(getattr(layer, name, None), float):
                # A recurrent layer's rate is its cell's, which has a turn of its own.
                with suppress(AttributeError):
                    setattr(layer, name, 0.0)
        for name in ("scale", "offset"):
            if isinstance(getattr(layer, name, None), float):
                # Of a Python float, TensorFlow makes float32 before it casts.
                setattr(layer, name, np.float64(getattr(layer, name)))
        if type(layer).__name__.startswith(_ALTERS):
            object.__setattr__(layer, "call", _switched_off(layer.call))
    model(image, training=False)
    for index, variable in enumerate(model.weights):
        variable.assign(draw_spread(seed, index, np.asarray(to_numpy(variable))))
    return model


def _switched_off(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a layer's call as it is in inference, whatever Keras says that this is."""

    def off(*inputs: Any, **options: Any) -> Any:
        return call(*inputs, **{**options, "training": False})

    return off


def draw_spread(seed: int, index: int, value: Any) -> Any:
    """Return the `index`-th variable's value for a certificate, exact in float32.

    Unlike the lane `matched`, nothing stays zero or one: a bias that is not added, or a gamma that
    is not used, would not be seen. What is positive, as ones and variances are, is multiplied by
    0.5 to 1.5, what begins with zeros is normal with a standard deviation of 0.05, integers stay.
    """
    if not np.issubdtype(value.dtype, np.floating):
        return value
    generator = np.random.default_rng([seed, index])
    if np.all(value > 0):
        return (value * generator.uniform(0.5, 1.5, value.shape)).astype(np.float32)
    if np.all(value == 0):
        return generator.normal(0.0, 0.05, value.shape).astype(np.float32)
    return draw_weights(seed, index, Variable("float32", value.astype(np.float32)))
