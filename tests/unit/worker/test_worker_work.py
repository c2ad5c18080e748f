"""The rules that count a layer's multiply-accumulates, and the walk over a model's calls."""

from types import SimpleNamespace as Fake
from typing import Any

import pytest

from bench.worker.flops import FREE, count_calls, forward_macs, layer_macs


def layer(kind: str, module: str = "keras.src.layers", **attributes: Any) -> Any:
    """Return a stand-in for a Keras layer of the type `kind`."""
    made = type(kind, (), {"__module__": module})()
    vars(made).update({"name": kind.lower(), "data_format": "channels_last", **attributes})
    return made


def call(operation: Any, inputs: list[tuple], output: tuple) -> Fake:
    return Fake(
        operation=operation,
        input_tensors=[Fake(shape=shape) for shape in inputs],
        output_tensors=[Fake(shape=output)],
    )


def model(*calls: Fake, name: str = "model", **attributes: Any) -> Any:
    """Return a stand-in for a functional model: its calls, the first one deepest in its graph."""
    depths = {len(calls) - place: [made] for place, made in enumerate(calls)}
    return layer("Functional", name=name, layers=[], _nodes_by_depth=depths, **attributes)


DENSE = call(layer("Dense", name="dense"), [(None, 800)], (None, 10))
RELU = call(layer("ReLU"), [(None, 10)], (None, 10))


@pytest.mark.parametrize(
    ("made", "inputs", "output", "macs"),
    [
        (layer("Dense"), [(800,)], (10,), 800 * 10),
        (layer("Dense"), [(7, 800)], (7, 10), 7 * 800 * 10),
        (
            layer("EinsumDense", equation="abc,cde->abde", kernel=Fake(shape=(8, 2, 4))),
            [(5, 8)],
            (5, 2, 4),
            5 * 8 * 2 * 4,
        ),
        (
            layer("Conv1D", filters=6, kernel_size=(3,), groups=1),
            [(20, 4)],
            (18, 6),
            18 * 6 * 3 * 4,
        ),
        (
            layer("Conv2D", filters=16, kernel_size=(3, 3), groups=1),
            [(32, 32, 3)],
            (30, 30, 16),
            30 * 30 * 16 * 3 * 3 * 3,
        ),
        (
            layer("Conv2D", filters=16, kernel_size=(3, 3), groups=1, data_format="channels_first"),
            [(3, 32, 32)],
            (16, 30, 30),
            30 * 30 * 16 * 3 * 3 * 3,
        ),
        (
            layer("Conv2D", filters=16, kernel_size=(3, 3), groups=4),
            [(32, 32, 8)],
            (30, 30, 16),
            30 * 30 * 16 * 3 * 3 * 2,
        ),
        (
            layer("Conv3D", filters=2, kernel_size=(1, 2, 3), groups=1),
            [(4, 5, 6, 7)],
            (4, 4, 4, 2),
            4 * 4 * 4 * 2 * 1 * 2 * 3 * 7,
        ),
        (
            layer("Conv2DTranspose", filters=16, kernel_size=(3, 3)),
            [(8, 8, 4)],
            (16, 16, 16),
            8 * 8 * 4 * 3 * 3 * 16,
        ),
        (
            layer("DepthwiseConv2D", kernel_size=(3, 3), depth_multiplier=2),
            [(8, 8, 4)],
            (6, 6, 8),
            6 * 6 * 4 * 3 * 3 * 2,
        ),
        (
            layer("SeparableConv2D", filters=16, kernel_size=(3, 3), depth_multiplier=2),
            [(8, 8, 4)],
            (6, 6, 16),
            6 * 6 * 4 * 3 * 3 * 2 + 6 * 6 * 4 * 2 * 16,
        ),
        (layer("LSTM", units=5), [(7, 3)], (5,), 7 * 4 * (3 * 5 + 5 * 5)),
        (layer("GRU", units=5), [(7, 3)], (7, 5), 7 * 3 * (3 * 5 + 5 * 5)),
        (layer("SimpleRNN", units=5), [(7, 3)], (5,), 7 * (3 * 5 + 5 * 5)),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=4, value_dim=3),
            [(6, 8), (5, 7)],
            (6, 9),
            # query, key, value; scores, weighted values; output
            6 * 8 * 8 + 5 * 7 * 8 + 5 * 7 * 6 + 2 * 6 * 5 * 4 + 2 * 6 * 5 * 3 + 6 * 6 * 9,
        ),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=4, value_dim=3),
            [(6, 8), (5, 7), (5, 10)],
            (6, 9),
            6 * 8 * 8 + 5 * 10 * 8 + 5 * 7 * 6 + 2 * 6 * 5 * 4 + 2 * 6 * 5 * 3 + 6 * 6 * 9,
        ),
    ],
)
def test_a_layer_counts_the_products_that_it_adds_up(
    made: Any, inputs: list[tuple], output: tuple, macs: int
) -> None:
    assert layer_macs(made, inputs, output) == macs


@pytest.mark.parametrize("kind", sorted(FREE))
def test_a_layer_without_products_counts_nothing(kind: str) -> None:
    assert layer_macs(layer(kind), [(4, 4, 3)], (2, 2, 3)) == 0


@pytest.mark.parametrize(
    ("made", "inputs", "output"),
    [
        (layer("ConvLSTM2D"), [(3, 8, 8, 4)], (8, 8, 4)),
        (layer("Dot"), [(8,), (8,)], (1,)),
        (layer("Matmul", module="keras.src.ops.numpy"), [(8,)], (3,)),
        (layer("Dense", module="my_model"), [(8,)], (3,)),
        (layer("ReLU", module="my_model"), [(8,)], (8,)),
        (layer("EinsumDense", equation="...x,xy->...y", kernel=Fake(shape=(8, 4))), [(8,)], (4,)),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=4, value_dim=3, _use_gate=True),
            [(6, 8), (5, 7)],
            (6, 9),
        ),
        (
            layer("MultiHeadAttention", num_heads=2, key_dim=4, value_dim=3),
            [(6, 6, 8), (6, 6, 8)],
            (6, 6, 8),
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_what_has_no_rule_is_never_counted_as_nothing(
    made: Any, inputs: list[tuple], output: tuple
) -> None:
    assert layer_macs(made, inputs, output) is None


def test_a_model_is_the_sum_of_its_calls() -> None:
    image = call(layer("InputLayer"), [], (None, 800))
    assert list(count_calls(model(image, DENSE, RELU))) == [
        ("inputlayer", 0),
        ("dense", 8000),
        ("relu", 0),
    ]
    assert forward_macs(model(image, DENSE, RELU)) == (8000, ())


def test_a_layer_that_is_called_twice_counts_twice() -> None:
    assert forward_macs(model(DENSE, RELU, DENSE)) == (16_000, ())


def test_one_unknown_layer_is_named_and_makes_the_sum_unknown() -> None:
    strange = call(layer("MyLayer", module="my_model", name="mine"), [(None, 4)], (None, 4))
    assert forward_macs(model(DENSE, strange, strange)) == (None, ("mine (MyLayer)",))


def test_a_model_inside_a_model_is_walked() -> None:
    inner = model(DENSE, RELU, name="inner", inputs=[Fake(shape=(None, 800))])
    base_environment = model(call(inner, [(None, 800)], (None, 10)), RELU)
    assert list(count_calls(base_environment)) == [
        ("inner/dense", 8000),
        ("inner/relu", 0),
        ("relu", 0),
    ]


def test_a_sequential_model_is_walked_by_its_graph() -> None:
    sequential = layer("Sequential", layers=[], _functional=model(DENSE))
    assert forward_macs(sequential) == (8000, ())


def test_a_model_inside_that_sees_another_shape_than_its_own_is_not_counted() -> None:
    inner = model(DENSE, name="inner", inputs=[Fake(shape=(None, 800))])
    assert forward_macs(model(call(inner, [(None, 400)], (None, 10)))) == (
        None,
        ("inner (Functional)",),
    )


def test_a_model_without_a_graph_is_named() -> None:
    assert forward_macs(layer("MyModel", module="my_model", name="mine")) == (
        None,
        ("mine (MyModel)",),
    )


def test_an_axis_of_unknown_length_cannot_be_counted_where_it_matters() -> None:
    image = call(layer("InputLayer"), [], (None, None, 8))
    dense = call(layer("Dense", name="dense"), [(None, None, 8)], (None, None, 3))
    assert forward_macs(model(image, dense)) == (None, ("dense (Dense)",))
