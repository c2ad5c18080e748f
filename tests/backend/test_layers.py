"""The layers of lab_baseline are really timed on all three backends."""

from collections.abc import Callable

import pandas as pd
import pytest

from bench.core.cell import BACKENDS
from bench.profiling.report import Findings
from bench.profiling.samples import read_samples
from tests.fixtures.bench_command import Bench

LAYERS = [
    *("rescaling", "conv2d", "conv2d_1", "max_pooling2d", "conv2d_2", "conv2d_3"),
    *("max_pooling2d_1", "flatten", "dense"),
]


@pytest.fixture(scope="module")
def findings(module_bench: Bench) -> Findings:
    done = module_bench("profile-layers", "lab_baseline", "--rounds", "1", "--batch-size", "16")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lab_baseline: largest gaps between backends" in done.stdout
    (folder,) = (module_bench.reports / "layers").iterdir()
    assert len(pd.read_csv(folder / "layers.csv")) == 3 * (2 * len(LAYERS) + 6)
    return Findings(read_samples(folder))


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_layer_is_timed_forward_and_with_its_gradient(
    findings: Findings, backend: str
) -> None:
    assert (findings.failures, findings.notes) == ([], [])
    for timed in ("forward", "gradient"):
        own = [c for c in findings.costs if c.backend == backend and c.row.direction == timed]
        layers = [cost for cost in own if cost.row.scope == "layer"]
        assert [cost.row.name for cost in layers] == LAYERS
        assert all(min(cost.timing.seconds) > 0 for cost in own)
        assert {len(cost.timing.seconds) >= 5 for cost in own} == {True}


def test_a_gradient_is_taken_of_what_a_training_step_needs_alone(findings: Findings) -> None:
    needed = {
        cost.row.name: (cost.timing.gradient_of, cost.timing.inputs)
        for cost in findings.costs
        if cost.row.scope == "layer"
    }
    assert needed["rescaling"] == ("", "16x32x32x3 float32")
    assert needed["conv2d"] == ("weights", "16x32x32x3 float32")
    assert needed["conv2d_1"] == ("inputs and weights", "16x30x30x16 float32")
    assert needed["max_pooling2d"] == ("inputs", "16x28x28x16 float32")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_parts_are_of_the_steps_order_of_magnitude(findings: Findings, backend: str) -> None:
    # The quickest repetitions: a busy machine slows some of them ten times. What is left is that
    # all are in seconds, and that none was timed before it was computed.
    quickest = {
        (cost.row.scope, cost.row.direction, cost.row.name): min(cost.timing.seconds)
        for cost in findings.costs
        if cost.backend == backend
    }
    layers = sum(quickest["layer", "gradient", name] for name in LAYERS)
    update = quickest["optimizer", "update", "adam"]
    assert 1 / 30 < (layers + update) / quickest["fit", "step", "lab_baseline"] < 30


def test_the_layers_are_held_against_the_step(findings: Findings) -> None:
    assert [coverage.backend for coverage in findings.coverages] == list(BACKENDS)
    assert {(coverage.calls, coverage.missing) for coverage in findings.coverages} == {
        (len(LAYERS), 0)
    }


def test_every_layer_has_its_gap_between_each_pair(findings: Findings) -> None:
    gaps = [gap for gap in findings.gaps if gap.row.scope == "layer"]
    assert len(gaps) == 3 * 2 * len(LAYERS)


TIED = """
import keras
from keras import layers

STACK = []


class First(layers.Layer):
    def call(self, x):
        STACK[:] = [x]
        return x


class Second(layers.Layer):
    def call(self, x):
        return x + STACK.pop()


class Tied(keras.Model):
    def __init__(self):
        super().__init__()
        self.flatten = layers.Flatten()
        self.first = First()
        self.inner = keras.Sequential([layers.Dense(8), layers.Dropout(0.5)])
        self.second = Second()
        self.outer = layers.Dense(10, activation="softmax")

    def call(self, x, training=None):
        x = self.first(self.flatten(x))
        x = self.inner(self.second(x), training=training)
        return self.outer(x)


def build():
    return Tied()
"""


def test_a_layer_that_cannot_be_called_alone_is_a_row_with_a_reason(
    bench: Bench, user_file: Callable[[str], str]
) -> None:
    workload = user_file(TIED)
    done = bench("profile-layers", workload, "--backend=torch", "--rounds=1", "--batch-size=4")
    assert done.returncode == 0, done.stdout + done.stderr
    (folder,) = (bench.reports / "layers").iterdir()
    costs = Findings(read_samples(folder)).costs
    reasons = {c.row.name: c.reason for c in costs if c.row.scope == "layer"}
    assert list(reasons) == ["flatten", "first", "second", "dense", "dropout", "dense_1"]
    assert {name: bool(reason) for name, reason in reasons.items()} == {
        name: name == "second" for name in reasons
    }
    assert str(reasons["second"]).startswith("IndexError: ")
    (fit,) = [cost for cost in costs if cost.row.scope == "fit"]
    assert fit.seconds is not None
