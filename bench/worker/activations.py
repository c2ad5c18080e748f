"""What each layer of a model gives, in the order in which they are called."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


def leaves(model: Any) -> list[Any]:
    """Return the layers without sub-layers; a recurrent layer is one, its cell runs in a loop."""
    import keras

    found: dict[int, Any] = {}
    todo = [model]
    while todo:
        layer = todo.pop()
        inner = [] if isinstance(layer, keras.layers.RNN) else _children(layer)
        todo += reversed(inner)
        if not inner:
            found[id(layer)] = layer
    return list(found.values())


def _children(layer: Any) -> list[Any]:
    return list(layer._flatten_layers(include_self=False, recursive=False))


def layer_outputs(model: Any, images: Any, training: bool) -> list[tuple[str, Any]]:
    """Return each layer without sub-layers by name with its output, in the order of the calls."""
    found: list[tuple[str, Any]] = []
    with tapped(model, found):
        model(images, training=training)
    return found


@contextmanager
def tapped(model: Any, found: list[tuple[str, Any]]) -> Iterator[None]:
    """Append each output of each leaf layer to `found` while the `with` block runs."""
    layers = leaves(model)
    calls = {id(layer): layer.call for layer in layers}
    for layer in layers:
        object.__setattr__(layer, "call", _tap(layer.name, layer.call, found))
    try:
        yield
    finally:
        for layer in layers:
            object.__setattr__(layer, "call", calls[id(layer)])


def _tap(name: str, call: Any, found: list[tuple[str, Any]]) -> Any:
    import keras

    def tap(*arguments: Any, **options: Any) -> Any:
        output = call(*arguments, **options)
        for part in keras.tree.flatten(output):
            found.append((name, to_numpy(part)))
        return output

    return tap


def to_numpy(value: Any) -> Any:
    """Return a backend's tensor as an array of its own."""
    import keras

    return np.array(keras.ops.convert_to_numpy(value))
