"""The outputs of a model's layers, in the order of the calls."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def has_call(model: Any) -> bool:
    """Return whether a model has a forward pass of its own; a GAN calls only its parts."""
    import keras

    return type(model).call is not keras.Model.call


def leaf_layers(model: Any) -> list[Any]:
    """Return the layers without sub-layers; a recurrent layer counts as one, cell included."""
    import keras

    leaves: dict[int, Any] = {}
    todo = [model]
    while todo:
        layer = todo.pop()
        inner = [] if isinstance(layer, keras.layers.RNN) else _children(layer)
        todo += reversed(inner)
        if not inner:
            leaves[id(layer)] = layer
    return list(leaves.values())


def _children(layer: Any) -> list[Any]:
    return list(layer._flatten_layers(include_self=False, recursive=False))


def layer_outputs(model: Any, images: Any, training: bool) -> list[tuple[str, Any]]:
    """Return the name and the output of each call of a leaf layer, in the order of the calls."""
    outputs: list[tuple[str, Any]] = []
    with record_outputs(model, outputs):
        model(images, training=training)
    return outputs


@contextmanager
def record_outputs(model: Any, outputs: list[tuple[str, Any]]) -> Iterator[None]:
    """Append each output of each leaf layer to `outputs` while the `with` block runs."""
    layers = leaf_layers(model)
    calls = {id(layer): layer.call for layer in layers}
    for layer in layers:
        object.__setattr__(layer, "call", _recording(layer.name, layer.call, outputs))
    try:
        yield
    finally:
        for layer in layers:
            object.__setattr__(layer, "call", calls[id(layer)])


def _recording(name: str, call: Any, outputs: list[tuple[str, Any]]) -> Any:
    import keras

    def recorded(*arguments: Any, **options: Any) -> Any:
        output = call(*arguments, **options)
        for part in keras.tree.flatten(output):
            outputs.append((name, to_numpy(part)))
        return output

    return recorded


def to_numpy(value: Any) -> Any:
    """Return a backend's tensor as a new NumPy array."""
    import keras

    return np.array(keras.ops.convert_to_numpy(value))
