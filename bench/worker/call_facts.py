"""What is known about a call of `fit`, `evaluate` or `predict` without drawing from its data."""

import math
from collections.abc import Mapping
from typing import Any

import keras

from bench.core.script import KERAS_BATCH_SIZE


def call_facts(method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of TrainingPhase that a call's `arguments`, by name, determine.

    They are the model's name and parameters, the batch size, and the numbers of images. None where
    only the data could give an answer. A model's own errors are not raised.
    """
    model = arguments["self"]
    batch_size, images = _sizes(arguments.get("x"), arguments.get("batch_size"))
    split = arguments.get("validation_split") or 0.0
    validation = arguments.get("validation_data")
    validated = None
    if isinstance(validation, tuple | list) and validation:
        validated = _sizes(validation[0], None)[1]
    elif validation is not None:
        validated = _sizes(validation, None)[1]
    elif split and images is not None:
        kept = math.floor(images * (1.0 - split))
        images, validated = kept, images - kept
    fits = method == "fit"
    return {
        "model": str(getattr(model, "name", type(model).__name__)),
        "batch_size": batch_size,
        "train_images": images if fits else None,
        "validation_images": validated if fits else images,
        **_parameters(model),
    }


def parameter_counts(model: Any) -> dict[str, int | None]:
    """Return the numbers of parameters of a model; ValueError if it is not built."""
    total = int(model.count_params())
    trainable = sum(math.prod(v.shape) for v in model.trainable_variables)
    return {"parameters": total, "trainable_parameters": trainable}


def _parameters(model: Any) -> dict[str, int | None]:
    try:
        return parameter_counts(model)
    except Exception:  # a model that is not built has none; a user's own properties may raise
        return {"parameters": None, "trainable_parameters": None}


def _sizes(data: Any, batch_size: Any) -> tuple[int | None, int | None]:
    """Return the batch size and the number of examples of `data`; None where unknown."""
    shapes: list[Any] = [getattr(leaf, "shape", None) for leaf in keras.tree.flatten(data)]
    if shapes and all(shapes):
        size = KERAS_BATCH_SIZE if batch_size is None else int(batch_size)
        return size, shapes[0][0] if isinstance(shapes[0][0], int) else None
    dataset = getattr(data, "dataset", None)  # a DataLoader of torch
    given = getattr(data, "batch_size", None)
    try:
        images = None if dataset is None else len(dataset)
    except TypeError:  # a stream of unknown length
        images = None
    return given if isinstance(given, int) and given > 0 else None, images
