"""The work of one image's forward pass, counted from the layers of a Keras model.

The unit is the multiply-accumulate (MAC), a product that a layer adds to a sum. By the usual
convention, biases, activations, pooling and normalisation count as 0. In reports, FLOPs = 2 x MACs
and a training step costs 3 forward passes, because the backward pass computes two products (the
gradients of the inputs and of the weights) for each one of the forward pass (Kaplan et al.,
"Scaling Laws for Neural Language Models", 2020, section 2.1).
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

#: A shape without its batch axis.
Shape = tuple[int, ...]

_FREE_NAMES = """
    InputLayer Activation ReLU LeakyReLU PReLU ELU Softmax Embedding Identity Masking
    Flatten Reshape Permute RepeatVector Cropping1D Cropping2D Cropping3D
    UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D
    MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    AdaptiveMaxPooling1D AdaptiveMaxPooling2D AdaptiveMaxPooling3D
    AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D
    BatchNormalization LayerNormalization GroupNormalization RMSNormalization UnitNormalization
    ActivityRegularization Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D AlphaDropout
    GaussianDropout GaussianNoise
    Add Subtract Multiply Divide Average Maximum Minimum Concatenate Mean Sum Max
    GetItem Pad Transpose ExpandDims Squeeze Relu Sigmoid Tanh Gelu Silu
    Rescaling Normalization Resizing CenterCrop CategoryEncoding Discretization Hashing
    RandomBrightness RandomContrast RandomCrop RandomErasing RandomFlip RandomRotation
    RandomTranslation RandomZoom
"""
#: Keras types without multiply-accumulates, by the usual convention.
FREE = frozenset(_FREE_NAMES.split())


def count_calls(model: Any) -> Iterator[tuple[str, int | None]]:
    """Yield the name and the MACs per image of every call of a layer or operation in `model`.

    Inner models are traversed. The MACs are None for a type without a rule, for axes of unknown
    length, and for a model without a graph of layers (a subclass that overrides `call`); the name
    then includes the type.
    """
    graph = getattr(model, "_functional", None) or model
    if not hasattr(graph, "_nodes_by_depth"):
        yield _unknown(model), None
        return
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            yield from _count_node(node)


def forward_macs(model: Any) -> tuple[int | None, tuple[str, ...]]:
    """Return the MACs of one image's forward pass, and the names of uncounted layers.

    The MACs are None if at least one layer is uncounted.
    """
    calls = list(count_calls(model))
    uncounted = tuple(dict.fromkeys(name for name, macs in calls if macs is None))
    return (None if uncounted else sum(macs or 0 for _, macs in calls)), uncounted


def layer_macs(layer: Any, inputs: list[Shape], output: Shape) -> int | None:
    """Return the MACs per image of one call of `layer`; None if its type has no rule.

    Shapes are without the batch axis. Only Keras's types have rules. Any other type may compute
    anything; it can declare its MACs in an attribute `forward_macs`.
    """
    kind = type(layer)
    declared = getattr(layer, "forward_macs", None)
    if isinstance(declared, int):
        return declared
    if not kind.__module__.startswith("keras."):
        return None
    if kind.__name__ in FREE:
        return 0
    rule = _RULES.get(kind.__name__)
    return rule(layer, inputs, output) if rule else None


def _count_node(node: Any) -> Iterator[tuple[str, int | None]]:
    operation = node.operation
    shapes = [_known(tensor.shape) for tensor in (*node.input_tensors, node.output_tensors[0])]
    if hasattr(operation, "layers"):
        inner = [_known(tensor.shape) for tensor in getattr(operation, "inputs", ())]
        # If it is called with another shape than it was built for, the shapes of its graph do not
        # hold.
        if inner == shapes[:-1]:
            for name, macs in count_calls(operation):
                yield f"{operation.name}/{name}", macs
            return
    known = [shape for shape in shapes if shape is not None]
    macs = None
    if len(known) == len(shapes):
        macs = layer_macs(operation, known[:-1], known[-1])
    elif type(operation).__name__ in FREE:
        macs = layer_macs(operation, [], ())
    yield (operation.name if macs is not None else _unknown(operation)), macs


def _known(shape: tuple[int | None, ...]) -> Shape | None:
    """Return a symbolic shape without its batch axis; None if an axis has unknown length."""
    known = tuple(length for length in shape[1:] if length is not None)
    return known if len(known) == len(shape[1:]) else None


def _unknown(operation: Any) -> str:
    return f"{operation.name} ({type(operation).__name__})"


def _dense(layer: Any, inputs: list[Shape], output: Shape) -> int:
    return math.prod(output) * inputs[0][-1]


def _einsum_dense(layer: Any, inputs: list[Shape], output: Shape) -> int | None:
    """Return the product of the lengths of all axes in an equation like "abc,cde->abde"."""
    if "..." in layer.equation:
        return None
    left, _, _ = layer.equation.replace(" ", "").partition("->")
    data, kernel = left.split(",")
    lengths = dict(zip(data[1:], inputs[0], strict=True))
    lengths |= dict(zip(kernel, layer.kernel.shape, strict=True))
    return math.prod(lengths.values())


def _positions(layer: Any, shape: Shape) -> int:
    """Return the number of positions of an image of `shape`, without its channels."""
    return math.prod(shape[:-1] if layer.data_format == "channels_last" else shape[1:])


def _channels(layer: Any, shape: Shape) -> int:
    return shape[-1] if layer.data_format == "channels_last" else shape[0]


def _conv(layer: Any, inputs: list[Shape], output: Shape) -> int:
    seen = math.prod(layer.kernel_size) * _channels(layer, inputs[0]) // layer.groups
    return _positions(layer, output) * layer.filters * seen


def _conv_transpose(layer: Any, inputs: list[Shape], output: Shape) -> int:
    """Count a multiplication of every input value with a whole kernel for each filter."""
    return math.prod(inputs[0]) * math.prod(layer.kernel_size) * layer.filters


def _depthwise(layer: Any, inputs: list[Shape], output: Shape) -> int:
    products = math.prod(layer.kernel_size) * layer.depth_multiplier
    return _positions(layer, output) * _channels(layer, inputs[0]) * products


def _separable(layer: Any, inputs: list[Shape], output: Shape) -> int:
    between = _channels(layer, inputs[0]) * layer.depth_multiplier
    pointwise = _positions(layer, output) * between * layer.filters
    return _depthwise(layer, inputs, output) + pointwise


def _recurrent(gates: int) -> Callable[[Any, list[Shape], Shape], int]:
    """Return the rule of a recurrent layer whose cell has `gates` matrices of each kind."""

    def rule(layer: Any, inputs: list[Shape], output: Shape) -> int:
        steps, features = inputs[0]
        return steps * gates * layer.units * (features + layer.units)

    return rule


def _bidirectional(layer: Any, inputs: list[Shape], output: Shape) -> int | None:
    both = (layer.forward_layer, layer.backward_layer)
    counts = [layer_macs(each, inputs, output) for each in both]
    return None if None in counts else sum(macs or 0 for macs in counts)


def _attention(layer: Any, inputs: list[Shape], output: Shape) -> int | None:
    """Count the projections of query, key, value and output, the scores and the weighted sum."""
    query, value = inputs[:2]
    key = inputs[2] if len(inputs) == 3 else value
    plain = len(inputs) <= 3 and len(query) == len(value) == 2 and key[:1] == value[:1]
    if not plain or len(key) != 2 or getattr(layer, "_use_gate", False):
        return None
    (targets, width), (sources, _) = query, value
    keys, values = layer.num_heads * layer.key_dim, layer.num_heads * layer.value_dim
    projections = targets * width * keys + sources * (key[1] * keys + value[1] * values)
    return projections + targets * sources * (keys + values) + math.prod(output) * values


_RULES: dict[str, Callable[[Any, list[Shape], Shape], int | None]] = {
    "Dense": _dense,
    "EinsumDense": _einsum_dense,
    **{f"Conv{n}D": _conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": _conv_transpose for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable for n in (1, 2)},
    "LSTM": _recurrent(4),
    "GRU": _recurrent(3),
    "SimpleRNN": _recurrent(1),
    "Bidirectional": _bidirectional,
    "MultiHeadAttention": _attention,
}
