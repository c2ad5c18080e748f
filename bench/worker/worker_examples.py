"""What a model is fed with and what its loss wants, of the parts of a dataset."""

from typing import Any

import keras
import numpy as np

from bench.worker.builders import WorkloadError
from data.part import Array, Part, each, shapes

_BRIGHTEST = 255


def input_shapes(target: str, inputs: Part) -> Any:
    """Return the shape of what a model gets of one example, by name where there are several."""
    return shapes(_without_last(inputs) if target == "next" else inputs)


def make_examples(
    model: keras.Model, target: str, inputs: Part, labels: Part, classes: int
) -> tuple[Part, Part]:
    """Return the inputs and the targets of `model`, as many as there are `labels`.

    `target` is a recipe's: "labels" gives the labels, "inputs" the inputs themselves as float32,
    bytes from 0 to 1, and "next" texts without their last byte, and each byte's next one as int64.
    """
    if target == "labels":
        return inputs, encode_labels(model, inputs, labels, classes)
    if not isinstance(inputs, np.ndarray):
        raise WorkloadError(f"A recipe whose target is {target!r} has one input, not several.")
    if target == "inputs":
        scale = _BRIGHTEST if inputs.dtype == np.uint8 else 1
        return inputs, inputs.astype(np.float32) / scale
    return _without_last(inputs), inputs[:, 1:].astype(np.int64)


def encode_labels(model: keras.Model, inputs: Part, labels: Part, classes: int) -> Part:
    """Return what the model's loss wants of `labels`; unchanged where they are no class ids.

    Of class ids (n,), a sparse loss gets the ids themselves, a model of one output the ids as
    float32 of shape (n, 1), any other one-hot float32 rows of shape (n, classes). A model that is
    not built yet is built for its `inputs`, to see what it gives.
    """
    if not classes or isinstance(labels, dict):
        return labels
    loss = model.loss
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or str(loss)
    if "sparse" in name:
        return labels
    if _width(model, inputs) == 1:
        return labels.astype(np.float32)[:, np.newaxis]
    return one_hot(labels, classes)


def one_hot(labels: Array, classes: int) -> Any:
    """Return float32 rows of shape (n, classes)."""
    return np.eye(classes, dtype=np.float32)[labels]


def _without_last(inputs: Part) -> Part:
    return each(inputs, lambda array: array[:, :-1])


def symbolic(input_shape: Any) -> Any:
    """Return what a model can be called with to be built: tensors without values."""
    if isinstance(input_shape, dict):
        return {name: keras.KerasTensor((None, *shape)) for name, shape in input_shape.items()}
    return keras.KerasTensor((None, *input_shape))


def _width(model: keras.Model, inputs: Part) -> int | None:
    """Return the last axis of a model's one output, None where it is not known."""
    try:
        shape = model.output_shape
    except (AttributeError, ValueError):  # not built yet, or a subclass with a `call` of its own
        try:
            shape = getattr(model(symbolic(shapes(inputs))), "shape", None)
        except Exception:  # whatever the layers of a user's model raise; `fit` will say it
            return None
    return shape[-1] if isinstance(shape, tuple) and shape else None
