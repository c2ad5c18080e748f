"""The counted work of real Keras models equals a count by hand, written out here."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench.core.paths import CHECKOUT
from bench.system.interpreter import find_interpreter

LAB_BASELINE = {
    "conv2d": 30 * 30 * 16 * (3 * 3 * 3),
    "conv2d_1": 28 * 28 * 16 * (3 * 3 * 16),
    "conv2d_2": 12 * 12 * 32 * (3 * 3 * 16),
    "conv2d_3": 10 * 10 * 32 * (3 * 3 * 32),
    "dense": 800 * 10,
}
LAB_DEEP = {
    "conv2d_4": 32 * 32 * 32 * (3 * 3 * 3),
    "conv2d_5": 32 * 32 * 32 * (3 * 3 * 32),
    "conv2d_6": 16 * 16 * 64 * (3 * 3 * 32),
    "conv2d_7": 16 * 16 * 64 * (3 * 3 * 64),
    "conv2d_8": 8 * 8 * 128 * (3 * 3 * 64),
    "conv2d_9": 8 * 8 * 128 * (3 * 3 * 128),
    "dense_1": 2048 * 128,
    "dense_2": 128 * 10,
}

#: Layers of every rule, a layer that is shared, a model inside, and what nobody can count.
ZOO = {
    "up": 8 * 8 * 3 * (2 * 2) * 4,
    "depth": 14 * 14 * 4 * (3 * 3) * 2,
    "separable": 14 * 14 * 8 * (3 * 3) + 14 * 14 * 8 * 5,
    "line": 196 * 6 * (3 * 5),
    "attention": (196 * 6 * 8 * 3 + 2 * 196 * 196 * 4 * 2) + 196 * 8 * 6,
    "einsum": 196 * 6 * 7,
    "lstm": 196 * 4 * 5 * (7 + 5),
    "gru": 196 * 3 * 5 * (7 + 5),
    "rnn": 196 * 1 * 5 * (7 + 5),
    "shared": 3 * 5 * 5,
    "inner/head": 5 * 9,
    "mine (Mine)": None,
    "matmul (Matmul)": None,
}

SCRIPT = """
import json

import keras
from keras import layers

from bench.worker.resolved_settings import stochastic_layers
from bench.worker.flops import count_calls, forward_macs
from models.lab import build_baseline, build_deep


class Mine(layers.Dense):
    pass


def build_zoo():
    image = keras.Input((8, 8, 3))
    x = layers.Conv2DTranspose(4, 2, strides=2, name="up")(image)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depth")(x)
    x = layers.SeparableConv2D(5, 3, padding="same", name="separable")(x)
    x = layers.Reshape((196, 5))(x)
    x = layers.Conv1D(6, 3, padding="causal", name="line")(x)
    x = layers.MultiHeadAttention(2, 4, dropout=0.1, name="attention")(x, x)
    x = layers.EinsumDense("abc,cd->abd", (196, 7), name="einsum")(x)
    ends = [layers.LSTM(5, name="lstm")(x), layers.GRU(5, name="gru")(x)]
    ends.append(layers.SimpleRNN(5, dropout=0.1, name="rnn")(x))
    shared = layers.Dense(5, name="shared")
    x = layers.Add()([shared(end) for end in ends])
    head = [keras.Input((5,)), layers.Dense(9, name="head"), layers.Dropout(0.5, name="drop")]
    x = keras.Sequential(head, name="inner")(x)
    x = Mine(3, name="mine")(x)
    return keras.Model(image, keras.ops.matmul(x, keras.ops.ones((3, 2))))


def facts(model):
    calls = {}
    for name, macs in count_calls(model):
        if macs != 0:
            calls[name] = calls[name] + macs if name in calls else macs
    macs, uncounted = forward_macs(model)
    return {
        "calls": calls, "macs": macs, "uncounted": uncounted, "random": stochastic_layers(model)
    }


models = {"baseline": build_baseline(), "deep": build_deep(), "zoo": build_zoo()}
print(json.dumps({name: facts(model) for name, model in models.items()}))
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder: Path = tmp_path_factory.mktemp("work")
    done = subprocess.run(
        [find_interpreter("torch", {}).python, "-c", SCRIPT],
        env={
            **os.environ,
            "KERAS_BACKEND": "torch",
            "KERAS_HOME": str(folder),
            "PYTHONPATH": str(CHECKOUT),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found: dict = json.loads(done.stdout)
    return found


def test_the_baseline_is_counted_layer_by_layer(counted: dict) -> None:
    assert counted["baseline"]["calls"] == LAB_BASELINE
    assert counted["baseline"]["macs"] == sum(LAB_BASELINE.values()) == 3_788_288
    assert counted["baseline"]["random"] == []


def test_the_deep_model_is_counted_layer_by_layer(counted: dict) -> None:
    assert counted["deep"]["calls"] == LAB_DEEP
    assert counted["deep"]["macs"] == sum(LAB_DEEP.values()) == 38_896_896
    assert len(counted["deep"]["random"]) == 4


def test_every_rule_holds_for_the_layer_of_keras(counted: dict) -> None:
    assert counted["zoo"]["calls"] == ZOO


def test_what_cannot_be_counted_is_named_and_makes_the_sum_unknown(counted: dict) -> None:
    assert counted["zoo"]["macs"] is None
    assert counted["zoo"]["uncounted"] == ["mine (Mine)", "matmul (Matmul)"]


def test_random_layers_are_found_inside_others(counted: dict) -> None:
    assert "drop" in counted["zoo"]["random"]
    assert "simple_rnn_cell" in counted["zoo"]["random"]
    assert not {"lstm_cell", "gru_cell"} & set(counted["zoo"]["random"])
