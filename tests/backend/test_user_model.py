"""A user's own model file goes through every backend, and its mistakes end in one sentence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.core.cell import BACKENDS
from tests.fixtures.bench_command import Bench, by_backend

_FRAMEWORKS = {"jax": "jax", "tensorflow": "tensorflow", "torch": "torch"}
_TINY = ("--dataset", "synthetic:shape=8x8x3,classes=4,train=64,test=32", "--epochs", "2")

#: A user's file: a model in a few lines, and a note of every module that the worker imported.
NOTES_MODULES = """
import atexit
import pathlib
import sys

import keras


def note_modules():
    name = f"modules-{keras.backend.backend()}.txt"
    pathlib.Path(__file__).with_name(name).write_text("\\n".join(sys.modules))


atexit.register(note_modules)


def build(input_shape, classes):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(classes, activation="softmax"),
        ]
    )
"""

SPARSE = """
import keras


def build():
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(),
                              keras.layers.Dense(4)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["sparse_categorical_accuracy"])
    return model
"""

DIVERGES = """
import keras


def build():
    model = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten(),
                              keras.layers.Dense(4)])
    model.compile(keras.optimizers.SGD(1e30), "mse")
    return model
"""

#: One number for two classes, of a model that is not built before its training.
UNBUILT = """
import keras


class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten = keras.layers.Flatten()
        self.head = keras.layers.Dense(1, activation="sigmoid")

    def call(self, inputs):
        return self.head(self.flatten(inputs))


def build():
    model = Mine()
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model
"""

BREAKS = """
import keras


class Broken(keras.layers.Layer):
    def call(self, inputs):
        return inputs.no_such_attribute


def build(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), Broken(), keras.layers.Dense(classes)])
"""


@pytest.fixture
def ran(bench: Bench, user_file: Callable[[str], str]) -> Bench:
    home = bench.folder / "keras_home"
    home.mkdir()
    (home / "keras.json").write_text('{"floatx": "float16", "image_data_format": "channels_first"}')
    done = bench("run", "--workload", user_file(NOTES_MODULES), *_TINY, KERAS_HOME=str(home))
    assert done.returncode == 0, done.stdout + done.stderr
    return bench


def test_a_file_outside_the_repository_trains_alone_and_unconfigured_on_each_backend(
    ran: Bench,
) -> None:
    for backend, record in by_backend(ran.records()).items():
        assert record.result is not None
        assert record.result.parameters == 8 * 8 * 3 * 4 + 4
        assert record.result.settings["floatx"] == "float32"
        assert record.result.settings["data_format"] == "channels_last"
        modules = set((ran.folder / f"modules-{backend}.txt").read_text().split("\n"))
        assert modules & set(_FRAMEWORKS.values()) == {_FRAMEWORKS[backend]}
        assert not modules & {"sklearn", "matplotlib", "pytest"}


def test_a_compiled_model_with_a_sparse_loss_gets_class_ids(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    done = bench("run", "--workload", user_file(SPARSE), *_TINY)
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert record.result.epochs[-1].val_accuracy is not None


def test_a_loss_that_is_not_finite_is_a_failed_row_on_each_backend(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    done = bench("run", "--workload", user_file(DIVERGES), *_TINY)
    assert done.returncode == 1
    for record in by_backend(bench.records()).values():
        assert record.status == "failed"
        assert "NonFiniteLossError: " in str(record.reason)
    for table in ("epochs.csv", "cells.csv", "comparison.csv"):
        text = Path(bench.reports / "latest" / table).read_text()
        assert text.count("NonFiniteLossError") == len(BACKENDS)


def test_a_model_that_is_not_built_yet_gets_the_labels_that_it_can_learn(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    two = ("--dataset", "synthetic:shape=4x4x1,classes=2,train=64,test=32", "--epochs", "2")
    done = bench("run", "--workload", user_file(UNBUILT), *two)
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert record.result.parameters == 4 * 4 + 1


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("def build():\n    return 3\n", "returned int; it must return a keras.Model"),
        ("def other():\n    pass\n", "has no function 'build'; its functions: other"),
        ("import no_such_module\n", "No module named 'no_such_module'"),
        (BREAKS, "has no attribute 'no_such_attribute'"),
    ],
    ids=["not a model", "no such function", "import error", "within a layer"],
)
def test_a_mistake_in_the_file_is_told_in_one_sentence(
    bench: Bench, user_file: Callable[[str], str], source: str, sentence: str
) -> None:
    done = bench("run", "--backend", "torch", "--workload", user_file(source), *_TINY)
    assert done.returncode == 1
    [record] = bench.records()
    assert record.status == "failed"
    assert sentence in str(record.reason)
