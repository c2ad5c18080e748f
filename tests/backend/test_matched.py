"""The lane `matched` really gives every backend the same start, batches, threads and precision."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.core.cell import BACKENDS, Cell
from bench.core.job import Job
from bench.core.result import Result
from bench.runner.launch import launch
from bench.system.environment import resolve_environment
from bench.system.interpreter import find_interpreter
from bench.worker.matched_lane import BatchOrder
from data.dataset import open_dataset
from data.prepare import prepare
from tests.fixtures.bench_command import Bench, by_backend
from tests.fixtures.present import one_array, present

_LAB = (
    *("--workload", "lab_baseline", "--epochs", "2", "--seed", "3"),
    *("--limit-train", "300", "--limit-test", "72"),
)

#: A user's file whose model folds the pixels of every training batch that reaches it into one
#: number, which depends on their order, and writes it down at the end.
WITNESS = """
import atexit
import pathlib

import keras
from keras import ops


class Witness(keras.layers.Layer):
    def build(self, input_shape):
        self.seen = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False)

    def call(self, images, training=False):
        if training:
            sums = ops.sum(ops.cast(images, "int32"), axis=(1, 2, 3))
            places = ops.cumsum(ops.ones_like(sums))
            self.seen.assign((self.seen * 31 + ops.sum(sums * places)) % 65521)
        return images


def build(input_shape, classes):
    witness = Witness()
    layers = [keras.Input(input_shape), witness, keras.layers.Flatten()]
    path = pathlib.Path(__file__).with_name(f"seen-{keras.backend.backend()}.txt")
    atexit.register(lambda: path.write_text(str(int(ops.convert_to_numpy(witness.seen)))))
    return keras.Sequential([*layers, keras.layers.Dense(classes, activation="softmax")])
"""
_TINY = "synthetic:shape=8x8x3,classes=4,train=70,test=32"

#: A model that has no weights before it sees an image.
UNBUILT = """
import keras


class Model(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.scale = keras.layers.Rescaling(1 / 255)
        self.hidden = keras.layers.Conv2D(4, 3, bias_initializer="normal")
        self.pool = keras.layers.GlobalMaxPooling2D()
        self.head = keras.layers.Dense(classes, activation="softmax")

    def call(self, images):
        return self.head(self.pool(self.hidden(self.scale(images))))


def build(classes):
    return Model(classes)
"""


@pytest.fixture(scope="module")
def trained(module_bench: Bench, all_cpus: None) -> Bench:
    done = module_bench("run", *_LAB, "--lane", "matched")
    assert done.returncode == 0, done.stdout + done.stderr
    return module_bench


def results(bench: Bench) -> dict[str, Result]:
    """Return the result of each backend."""
    records = by_backend(bench.records())
    assert all(record.result for record in records.values()), records
    return {backend: record.result for backend, record in records.items() if record.result}


def test_every_backend_starts_from_the_same_bytes(trained: Bench) -> None:
    digests = {result.weights_sha256 for result in results(trained).values()}
    assert len(digests) == 1
    assert digests != {None}
    assert len(list((trained.folder / "cache" / "weights").iterdir())) == 1


def test_every_backend_is_served_numpys_permutations(trained: Bench) -> None:
    order = BatchOrder(images=300, batch_size=16, seed=3)
    for epoch in range(2):
        order.begin(epoch)
        for batch in range(len(order)):
            order.serve(batch)
    found = {result.batch_order_sha256 for result in results(trained).values()}
    assert found == {order.sha256()}


def test_the_losses_agree_after_the_first_epoch(trained: Bench) -> None:
    for name in ("loss", "val_loss"):
        losses = [getattr(result.epochs[0], name) for result in results(trained).values()]
        assert max(losses) == pytest.approx(min(losses), rel=1e-3)


def test_threads_and_precision_are_the_same_on_every_backend(trained: Bench) -> None:
    cpus = len(os.sched_getaffinity(0))
    for backend, result in results(trained).items():
        assert result.settings["intra_op_threads"] == cpus
        assert result.settings["inter_op_threads"] == (None if backend == "jax" else cpus)
        assert result.settings["matmul_precision"] in ("highest", "float32")
        assert result.settings["tf32"] == "off"
        assert result.settings["onednn"] in ((None,) if backend == "jax" else (True, False))
        assert result.settings["data_adapter"] == "PyDatasetAdapter"


def test_the_pixels_arrive_in_the_same_order_on_every_backend(
    bench: Bench, user_file: Callable[[str], str], tmp_path: Path
) -> None:
    done = bench(
        *("run", "--workload", user_file(WITNESS), "--lane", "matched"),
        *("--dataset", _TINY, "--epochs", "2", "--batch-size", "16", "--seed", "5"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    images = one_array(open_dataset(prepare(_TINY, cache_dir=tmp_path / "cache")).x_train)
    seen = 0
    for epoch in range(2):
        order = np.random.default_rng([5, epoch]).permutation(70)
        for first in range(0, 70, 16):
            sums = images[order[first : first + 16]].sum(axis=(1, 2, 3), dtype=np.int64)
            seen = (seen * 31 + int(sums @ np.arange(1, len(sums) + 1))) % 65521
    found = {backend: int((tmp_path / f"seen-{backend}.txt").read_text()) for backend in BACKENDS}
    assert found == dict.fromkeys(BACKENDS, seen)


def test_a_model_that_builds_itself_with_its_first_image_is_matched_too(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    arguments = ("--lane", "matched", "--dataset", _TINY, "--epochs", "1")
    done = bench("run", "--workload", user_file(UNBUILT), *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    found = results(bench).values()
    assert len({result.weights_sha256 for result in found}) == 1
    losses = [present(result.epochs[0].loss) for result in found]
    assert max(losses) == pytest.approx(min(losses), rel=1e-3)
    assert {result.uncounted_layers for result in found} == {("model (Model)",)}


def test_a_model_that_cannot_be_built_is_told_in_one_sentence(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    broken = user_file(UNBUILT.replace("self.pool(", "no_such_layer("))
    arguments = ("--lane", "matched", "--dataset", _TINY, "--epochs", "1")
    done = bench("run", "--backend", "torch", "--workload", broken, *arguments)
    assert done.returncode == 1
    [record] = bench.records()
    assert "cannot be built for inputs of shape (8, 8, 3) before training" in str(record.reason)


def launch_on(cpus: set[int], folder: Path) -> Result:
    """Return the result of a short launch of JAX in the matched lane that may use `cpus`."""
    dataset = "synthetic:shape=32x32x3,classes=10,train=64,test=32"
    job = Job(
        cell=Cell(
            workload="lab_baseline",
            dataset=dataset,
            backend="jax",
            lane="matched",
            batch_size=16,
            epochs=1,
        ),
        builder="models.lab:build_baseline",
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=("accuracy",),
        dataset_folder=str(prepare(dataset, cache_dir=folder / "cache")),
        output_path="",
        cpus=tuple(cpus),
        weights_folder=str(folder / "weights"),
    )
    python = find_interpreter("jax", {}).python
    outcome = launch(
        job,
        python,
        environment=resolve_environment(job.cell, os.environ),
        log_path=folder / "log",
        timeout_seconds=600,
    )
    assert outcome.output.result is not None, outcome.output.reason
    return outcome.output.result


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one CPU only")
@pytest.mark.usefixtures("all_cpus")
def test_jax_takes_as_many_threads_as_it_is_given_cpus(tmp_path: Path) -> None:
    one, two, *_ = sorted(os.sched_getaffinity(0))
    for cpus in ({one}, {one, two}):
        settings = launch_on(cpus, tmp_path).settings
        assert settings["affinity_cpus"] == settings["intra_op_threads"] == len(cpus)
