"""A user's own data and models: several inputs, saved models, pictures, tasks, refusals."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.core.cell import BACKENDS
from bench.system.interpreter import find_interpreter
from tests.fixtures.bench_command import Bench, by_backend

#: Two inputs, two outputs, a layer and a loss of its own, and a module called `data` beside it.
TWO_BY_TWO = """
import keras
from keras import layers, ops

from data import WIDTH

RECIPE = {"batch_size": 8, "epochs": 2}


class Halved(layers.Layer):
    def call(self, inputs):
        return inputs / 2


def distance(wanted, given):
    return ops.mean(ops.abs(wanted - given), axis=-1)


def build(input_shape):
    left, right = (keras.Input(input_shape[name], name=name) for name in ("left", "right"))
    x = layers.Dense(WIDTH, activation="relu")(layers.Concatenate()([Halved()(left), right]))
    kind = layers.Dense(3, activation="softmax", name="kind")(x)
    size = layers.Dense(1, name="size")(x)
    model = keras.Model({"left": left, "right": right}, {"kind": kind, "size": size})
    losses = {"kind": "sparse_categorical_crossentropy", "size": distance}
    model.compile("adam", losses)
    return model
"""

SAVES = """
import sys

import keras
from keras import layers

model = keras.Sequential([keras.Input((12, 10, 3)), layers.Rescaling(1 / 255), layers.Flatten(),
                          layers.Dense(2, activation="softmax")])
model.save(sys.argv[1])
"""

#: A model whose code leaves a file behind wherever it is run.
SAVES_CODE = """
import sys

import keras
from keras import layers

leaves = eval(f"lambda x: (open({sys.argv[2]!r}, 'w').close(), x)[1]")
model = keras.Sequential([keras.Input((8, 8, 3)), layers.Lambda(leaves), layers.Flatten(),
                          layers.Dense(4, activation="softmax")])
model.save(sys.argv[1])
"""

SYNCHRONIZED = """
import keras
from keras import layers


def build(input_shape, classes):
    return keras.Sequential([keras.Input(input_shape), layers.BatchNormalization(synchronized=True),
                             layers.Flatten(), layers.Dense(classes, activation="softmax")])
"""
_TINY = "synthetic:shape=8x8x3,classes=4,train=64,test=32"


def write_arrays(path: Path) -> None:
    random = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "x.left": random.normal(size=(40, 4)),
        "x.right": random.normal(size=(40, 2)),
        "y.kind": random.integers(0, 3, 40),
        "y.size": random.normal(size=(40, 1)).astype("float32"),
    }
    np.savez(path, **arrays)


def write_pictures(folder: Path) -> None:
    """Write ten pictures of two classes; a PPM needs no library."""
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True)
        for number in range(5):
            pixels = random.integers(0, 256, (12, 10, 3), np.uint8).tobytes()
            (folder / name / f"{number}.ppm").write_bytes(b"P6 10 12 255\n" + pixels)


def test_several_inputs_and_outputs_of_an_archive_train_on_each_backend(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    write_arrays(bench.folder / "mine.npz")
    (bench.folder / "data.py").write_text("WIDTH = 16\n")
    model, data = user_file(TWO_BY_TWO), f"npz:{bench.folder / 'mine.npz'}"
    # The batches of the lane `matched` are ours to put together.
    done = bench("run", "--workload", model, "--dataset", data, "--lane", "matched")
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert (record.cell.batch_size, record.cell.epochs) == (8, 2)
        assert (record.result.train_images, record.result.validation_images) == (32, 8)
        assert record.result.epochs[-1].val_accuracy is None
        assert record.dataset.official is False


def test_a_saved_model_predicts_a_folder_of_pictures_on_each_backend(bench: Bench) -> None:
    write_pictures(bench.folder / "pictures")
    model = bench.folder / "mine.keras"
    command = [find_interpreter("torch", {}).python, "-c", SAVES, str(model)]
    environment = {**bench.environment, "KERAS_BACKEND": "torch"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    data = f"images:{bench.folder / 'pictures'}"
    choices = ("--workload", str(model), "--dataset", data, "--task", "predict", "--epochs", "2")
    done = bench("run", *choices, "--batch-size", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert record.result.train_images == 2
        assert len(record.result.latency_seconds) == 300
        assert [epoch.warmup for epoch in record.result.epochs] == [True, False]
        assert record.result.epochs[-1].val_loss is None


def test_the_code_in_a_saved_model_runs_only_where_the_user_says_so(bench: Bench) -> None:
    model, witness = bench.folder / "mine.keras", bench.folder / "witness"
    command = [find_interpreter("torch", {}).python, "-c", SAVES_CODE, str(model), str(witness)]
    environment = {**bench.environment, "KERAS_BACKEND": "torch"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    witness.unlink()  # left by the model that was saved
    choices = ("--workload", str(model), "--dataset", _TINY, "--epochs", "1", "--batch-size", "16")
    done = bench("run", *choices)
    assert done.returncode == 1, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.status == "failed"
        assert "cannot be loaded in Keras's safe mode" in str(record.reason)
        assert str(record.reason).endswith("run it with --unsafe-keras if you trust it.")
    assert not witness.exists()
    done = bench("run", *choices, "--unsafe-keras", "--backend", "torch")
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = [record for record in bench.records() if record.status == "ok"]
    assert record.cell.workload == f"unsafe:{model}"
    assert witness.exists()


def test_what_a_framework_refuses_is_unsupported_and_no_failure(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    choices = ("--dataset", _TINY, "--epochs", "2", "--batch-size", "16")
    done = bench("run", "--workload", user_file(SYNCHRONIZED), *choices)
    assert done.returncode == 0, done.stdout + done.stderr
    records = by_backend(bench.records())
    assert {backend: records[backend].status for backend in BACKENDS} == {
        "jax": "unsupported",
        "tensorflow": "ok",
        "torch": "unsupported",
    }
    for backend in ("jax", "torch"):
        assert "only supported with the TensorFlow backend" in str(records[backend].reason)
    assert "unsupported by the framework" in done.stdout
