"""Whole scripts on every backend: their phases, what plain Python computes, and how they end."""

import json
import subprocess
from pathlib import Path

import msgspec
import pytest

from bench.core.cell import BACKENDS, OWN_DATA, Cell
from bench.core.paths import CHECKOUT
from bench.core.record import Record
from bench.core.result import TrainingPhase
from bench.core.script import Script
from bench.core.workload import job_of
from bench.system.interpreter import find_interpreter
from tests.fixtures.bench_command import Bench, by_backend
from tests.fixtures.present import present

#: A script with what users write around `fit`; it writes its own histories to a file of its name.
SEVERAL = """
import argparse
import json
import os

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np

import shapes

parser = argparse.ArgumentParser()
parser.add_argument("--name", required=True)
name = parser.parse_args().name

keras.utils.set_random_seed(7)
rng = np.random.default_rng(1)
x = rng.normal(size=(96, shapes.WIDTH)).astype("float32")
y = (x.sum(axis=1) > 0).astype("int32")
kept = {}


class Own(keras.Sequential):
    def fit(self, *args, **kwargs):
        return super().fit(*args, **kwargs)


class Predicts(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.predict(x[:8], verbose=0)


def build():
    layers = [keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2),
              keras.layers.Dense(2, "softmax")]
    return Own([keras.Input((shapes.WIDTH,)), *layers])


model = build()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
kept["split"] = model.fit(x, y, batch_size=16, epochs=2, validation_split=0.25, verbose=2,
                          callbacks=(keras.callbacks.LearningRateScheduler(lambda e: 0.01),))
model.compile(keras.optimizers.SGD(0.05), "sparse_categorical_crossentropy",
              metrics=["accuracy"])
stops = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)
kept["stopped"] = model.fit(x, y, epochs=50, verbose=0, callbacks=[stops, Predicts()])
callbacks = keras.callbacks.CallbackList([], add_history=True, model=model, epochs=2)
kept["listed"] = model.fit(x, y, epochs=2, verbose=0, callbacks=callbacks)
assert len(callbacks.callbacks) == 1
for fold in range(3):
    other = build()
    other.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    kept[f"fold {fold}"] = other.fit(x[fold::3], y[fold::3], epochs=1, verbose=0)
evaluated = model.evaluate(x, y, batch_size=48, verbose=0)
predicted = model.predict(x, verbose=0)
for step in range(5):
    model.train_on_batch(x[:16], y[:16])
try:
    model.fit(x, y, epoch=3)
except TypeError as error:
    print("refused:", error)
result = {name: history.history for name, history in kept.items()}
result |= {"evaluated": evaluated, "predicted": predicted.tolist()}
open(name, "w").write(json.dumps(result))
raise SystemExit
"""

#: A GAN with steps of its own in each backend's way, spawned and forked processes, a loop by hand.
OWN_STEPS = """
import multiprocessing
import os

import keras
import numpy as np

BACKEND = keras.backend.backend()


def square(number):
    return number * number


class Gan(keras.Model):
    def __init__(self):
        super().__init__()
        self.generator, self.judge = keras.layers.Dense(4), keras.layers.Dense(1)
        self.d_tracker = keras.metrics.Mean(name="d_loss")
        self.g_tracker = keras.metrics.Mean(name="g_loss")

    @property
    def metrics(self):
        return [self.d_tracker, self.g_tracker]

    def call(self, x):
        return self.judge(self.generator(x))

    def logs(self):
        return {m.name: m.result() for m in self.metrics}

    if BACKEND == "jax":
        def train_step(self, state, data):
            trainable, fixed, optimizer, metrics = state
            ours = []
            for variable, value in zip(self.metrics_variables, metrics):
                ours.append(value + 1.0)
            logs = {"d_loss": ours[0] / ours[1], "g_loss": ours[2] / ours[3]}
            return logs, (trainable, fixed, optimizer, ours)
    else:
        def train_step(self, data):
            self.d_tracker.update_state(1.0)
            self.g_tracker.update_state(1.0)
            return self.logs()


if __name__ == "__main__":
    import matplotlib_free  # a module next to the script

    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(square, [3]) == [9]
    child = os.fork() if BACKEND == "torch" else None
    if child:
        assert os.waitpid(child, 0)[1] == 0
    if child != 0:
        x = np.ones((32, 4), "float32")
        gan = Gan()
        gan.build((None, 4))
        gan.compile(optimizer="sgd")
        gan.fit(x, epochs=2, batch_size=8, verbose=0)
        total = sum(float(gan(x[i : i + 1]).shape[0]) for i in range(4))
        assert total == 4.0
"""

ASKS = """
import keras

print("ready")
name = input("which model? ")
"""

STOPS = """
import keras
import numpy as np

x = np.zeros((8, 2), "float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.evaluate(x, x[:, :1], verbose=0)
try:
    model.fit(x=x, y=x[:, :1], epochs=3, callbacks=[], verbose=0)
except Exception:
    print("caught")
raise ValueError("never reached before the first fit")
"""

TORCH_ALONE = """
import torch

print(torch.ones(2).sum())
"""

CAPTURES = """
import json
import sys

from pathlib import Path
from time import perf_counter

import msgspec

from bench.core.job import Job
from bench.worker.backend import import_backend
from bench.worker.process_info import Phases

job = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)
import_backend(job, Phases(perf_counter()))
from bench.worker.script import capture_first_fit

model, arguments = capture_first_fit(job)
shapes = {name: list(getattr(v, "shape", [])) or v for name, v in arguments.items()}
print(json.dumps([model.count_params(), model.compiled, shapes]))
"""


def calls_of(record: Record) -> list[TrainingPhase]:
    return [phase for phase in present(record.result).phases if phase.method != "script"]


def line_of(source: str, text: str) -> int:
    return source[: source.index(text)].count("\n") + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "shapes.py").write_text("WIDTH = 6\n")
    (folder / "matplotlib_free.py").touch()
    for name, source in (("several", SEVERAL), ("own_steps", OWN_STEPS), ("asks", ASKS)):
        (folder / f"{name}.py").write_text(source)
    (folder / "stops.py").write_text(STOPS)
    (folder / "torch_alone.py").write_text(TORCH_ALONE)
    return folder


@pytest.fixture(scope="module")
def several(module_bench: Bench, folder: Path) -> dict[str, Record]:
    """Return the records of the script `several`, which has written `ours.json`."""
    done = module_bench("run", "--script", str(folder / "several.py"), "--", "--name", "ours.json")
    assert done.returncode == 0, done.stdout + done.stderr
    return by_backend(module_bench.records())


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_call_is_a_phase_with_its_line_epochs_and_logs(several, backend):
    phases = calls_of(several[backend])
    assert [(p.name, p.calls, len(p.epochs)) for p in phases] == [
        ("fit", 1, 2),
        ("fit 2", 1, 2),
        ("fit 3", 1, 2),
        ("fit 4", 3, 3),
        ("evaluate", 1, 1),
        ("predict", 1, 1),
    ]
    texts = ('kept["split"]', 'kept["stopped"]', 'kept["listed"]', 'kept[f"fold', "evaluated =")
    assert [p.line for p in phases[:5]] == [line_of(SEVERAL, text) for text in texts]
    split, stopped, _, folds, evaluated, predicted = phases
    assert {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"} == set(
        split.epochs[0].logs
    )
    assert (split.batch_size, split.train_images, split.validation_images) == (16, 72, 24)
    assert [epoch.steps for epoch in split.epochs] == [5, 5]
    assert split.parameters == split.trainable_parameters == 6 * 8 + 8 + 8 * 2 + 2
    assert all(epoch.validation_seconds is None for epoch in stopped.epochs)
    assert (folds.train_images, folds.calls) == (32, 3)
    assert set(evaluated.epochs[0].logs) == {"val_loss", "val_accuracy"}
    assert (evaluated.validation_images, evaluated.batch_size) == (96, 48)
    assert predicted.epochs[0].logs == {}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_epoch_of_what_is_compiled_anew_is_a_warm_up(several, backend):
    split, stopped, listed, folds, *_ = calls_of(several[backend])
    assert [[e.warmup for e in p.epochs] for p in (split, stopped, listed)] == [
        [True, False],
        [True, False],
        [False, False],
    ]
    assert [epoch.warmup for epoch in folds.epochs] == [True, True, True]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_phases_are_the_whole_time_of_the_script(several, backend):
    result = several[backend].result
    seconds = {"script": 0.0, "calls": 0.0}
    for phase in result.phases:
        seconds["script" if phase.method == "script" else "calls"] += phase.seconds
    assert seconds["calls"] == pytest.approx(result.fit_seconds_total)
    assert seconds["script"] == pytest.approx(result.build_seconds)
    whole = sum(seconds.values()) + result.harness_seconds + result.import_seconds
    assert whole == pytest.approx(result.left_at - result.entered_at)
    for phase in calls_of(several[backend]):
        if phase.method == "fit":
            parts = present(phase.setup_seconds) + present(phase.teardown_seconds)
            epochs = [
                e.train_seconds + (e.validation_seconds or 0.0) + (e.tail_seconds or 0.0)
                for e in phase.epochs
            ]
            assert parts + sum(epochs) == pytest.approx(phase.seconds, abs=1e-3)


def test_the_line_that_chooses_a_backend_has_no_effect_and_is_noted(several):
    for backend, record in several.items():
        chosen = record.result.settings.get("script_sets_backend")
        assert chosen == (None if backend == "torch" else "torch")


@pytest.mark.parametrize("backend", BACKENDS)
def test_losses_and_metrics_are_those_of_plain_python(several, folder, backend, tmp_path):
    python = find_interpreter(backend, {}).python
    environment = {"KERAS_BACKEND": backend, "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    source = SEVERAL.replace('os.environ["KERAS_BACKEND"] = "torch"', "")
    (folder / f"plain_{backend}.py").write_text(source)
    name = tmp_path / "plain.json"
    done = subprocess.run(
        [python, f"plain_{backend}.py", "--name", str(name)],
        cwd=folder,
        env=environment | {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    plain = json.loads(name.read_text())
    split, stopped, listed, folds, evaluated, _ = calls_of(several[backend])
    for phase, key in ((split, "split"), (stopped, "stopped"), (listed, "listed")):
        compare(phase, plain[key])
    compare(folds, join(plain[f"fold {number}"] for number in range(3)))
    values = sorted(map(present, evaluated.epochs[0].logs.values()))
    assert values == pytest.approx(sorted(plain["evaluated"]), rel=1e-6)


def join(histories) -> dict[str, list[float]]:
    joined: dict[str, list[float]] = {}
    for history in histories:
        for name, values in history.items():
            joined.setdefault(name, []).extend(values)
    return joined


def compare(phase: TrainingPhase, history: dict[str, list[float]]) -> None:
    measured = join({n: [v] for n, v in epoch.logs.items()} for epoch in phase.epochs)
    assert set(measured) == set(history)
    for name, values in history.items():
        assert measured[name] == pytest.approx(values, rel=1e-6), name


def test_steps_of_its_own_children_and_loops_by_hand(bench, folder):
    done = bench("run", "--script", str(folder / "own_steps.py"))
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        (fit,) = calls_of(record)
        assert [epoch.logs for epoch in fit.epochs] == [{"d_loss": 1.0, "g_loss": 1.0}] * 2
        last = present(record.result).phases[-1]
        assert (last.method, last.line) == ("script", None)
        assert last.seconds > 0


def test_a_question_and_nothing_of_keras_end_in_one_sentence(bench, folder):
    done = bench("run", "--script", str(folder / "asks.py"), "--backend", "torch")
    assert done.returncode != 0
    (record,) = bench.records()
    assert record.reason == (
        "ScriptError: asks.py, line 5, asks for input, and a script here has none."
    )
    assert "ready" in record.log_tail
    bench("run", "--script", str(folder / "torch_alone.py"), "--backend", "torch")
    (reason,) = [r.reason for r in bench.records() if r.reason != record.reason]
    assert "torch_alone.py uses nothing of Keras 3" in reason


def test_an_error_names_its_line_and_calls_before_it_are_forgotten(bench, folder):
    bench("run", "--script", str(folder / "stops.py"), "--backend", "torch")
    (record,) = bench.records()
    line = line_of(STOPS, "raise ValueError")
    sentence = "ValueError: never reached before the first fit"
    assert record.reason == f"stops.py, line {line}: {sentence}"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_first_fit_can_be_captured_with_its_model_and_arguments(
    bench, folder, backend, tmp_path
):
    cell = Cell(
        workload=Script(folder / "stops.py").workload,
        dataset=OWN_DATA,
        backend=backend,
        batch_size=None,
        epochs=None,
    )
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job_of(cell, None)))
    done = subprocess.run(
        [find_interpreter(backend, {}).python, "-c", CAPTURES, str(tmp_path / "job.json")],
        env={**bench.environment, "KERAS_BACKEND": backend, "PYTHONPATH": str(CHECKOUT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    parameters, compiled, arguments = json.loads(done.stdout.splitlines()[-1])
    assert (parameters, compiled) == (3, True)
    assert arguments == {"x": [8, 2], "y": [8, 1], "epochs": 3, "callbacks": [], "verbose": 0}
    assert "caught" not in done.stdout
