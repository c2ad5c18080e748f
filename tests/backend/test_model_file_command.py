"""The whole command with a file that makes its data: the dataset, the record, the tables."""

from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

from bench.core.record import Record
from tests.fixtures.bench_command import Bench

MAKES_DATA = """
import keras
import numpy as np

RECIPE = {"loss": "mse", "metrics": ["mae"], "batch_size": 8, "epochs": 5}


def build(input_shape):
    flat = keras.layers.Flatten()
    return keras.Sequential([keras.Input(input_shape), flat, keras.layers.Dense(1)])


def data(seed):
    x = np.random.default_rng(seed).normal(size=(48, 3))
    return (x[:32], x.sum(1)[:32]), (x[32:], x.sum(1)[32:])


def callbacks():
    return [keras.callbacks.EarlyStopping("loss", mode="max")]
"""

FAILS = """
import keras


def build():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


def data():
    raise FileNotFoundError("there is no table.csv")
"""

LOOKS_UP = """
import keras
import numpy as np


def build():
    return keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])


def data():
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"])
    return lookup(np.array(["a", "b"])), np.zeros(2)
"""


@pytest.fixture
def run(bench: Bench, user_file: Callable[[str], str]) -> Callable[..., Record]:
    """Return a function that runs a file on torch and gives the newest record."""

    def run_file(source: str, *options: str, code: int = 0) -> Record:
        before = {record.run_id for record in bench.records()}
        done = bench("run", "--backend", "torch", "--workload", user_file(source), *options)
        assert done.returncode == code, done.stdout + done.stderr
        [record] = [record for record in bench.records() if record.run_id not in before]
        return record

    return run_file


def test_a_file_with_data_is_trained_on_it_unless_a_dataset_is_chosen(
    run: Callable[..., Record], bench: Bench
) -> None:
    record = run(MAKES_DATA)
    assert record.result is not None
    assert (record.cell.dataset, record.dataset.name) == ("own", "own")
    assert (record.cell.epochs, len(record.result.epochs)) == (5, 2)
    assert record.result.stopped_early and record.result.train_images == 32
    metrics = pandas.read_csv(Path(bench.reports) / "latest" / "metrics.csv")
    assert set(zip(metrics["epoch"], metrics["metric"], strict=True)) == {
        (epoch, metric) for epoch in (1, 2) for metric in ("loss", "mae")
    }
    other = run(MAKES_DATA, "--dataset", "synthetic:shape=2x2x1,classes=2,train=16,test=8")
    assert other.result is not None
    assert other.cell.dataset.startswith("synthetic:")
    assert (other.result.train_images, other.result.validation_images) == (16, 8)


def test_data_that_fail_are_one_sentence(run: Callable[..., Record]) -> None:
    record = run(FAILS, code=1)
    assert record.status == "failed"
    assert record.reason == "FileNotFoundError: there is no table.csv"


def test_own_data_of_a_file_without_them_are_one_sentence(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    workload = user_file(FAILS.replace("def data", "def load"))
    done = bench("run", "--workload", workload, "--dataset", "own")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        f"Suite quick, --workload {workload}: the dataset own is made by the function data of a "
        f"model's file, and {workload} has none."
    )


def test_a_layer_that_needs_tensorflow_is_unsupported_without_it(
    run: Callable[..., Record],
) -> None:
    record = run(LOOKS_UP)
    assert record.status == "unsupported"
    assert "needs tensorflow, which is not installed here; --with-tensorflow adds it" in str(
        record.reason
    )
