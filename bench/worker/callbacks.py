"""Callbacks with clocks: of epochs, of steps and of a gate's slices."""

import math
import os
from collections.abc import Callable
from time import perf_counter, process_time

import keras
import msgspec

from bench.core.job import Progress
from bench.core.result import Epoch, StepDetail
from bench.worker.input_pipeline import TrainingInput, input_only_seconds


class NonFiniteLossError(ArithmeticError):
    """The loss became NaN or infinite, so training further proves nothing."""


class EpochTimer(keras.callbacks.Callback):
    """Collects raw clock readings of one `fit(…, validation_data=…)`.

    An epoch's training time runs from `on_epoch_begin` to `on_test_begin`, where one variable is
    read as NumPy: on JAX nothing else waits there for the last step. Its validation time runs
    from there to `on_test_end`, where Keras has turned the logs into Python numbers, which waits
    on every backend. Its tail runs from there to the begin of the next epoch, that of the last one
    to the end of `on_epoch_end` here: no time lies between two epochs. Only hooks that leave async
    dispatch on are overridden: a callback with `on_train_batch_end` makes JAX and torch
    synchronise at every step (keras/src/callbacks/callback_list.py, `_configure_async_dispatch`).

    `begin` and `end` are the readings at the begin of the first and at the end of the last epoch;
    `first_step_seconds` lies between the first two batches of the first epoch, None if it has one.
    """

    def __init__(self, epochs: int, events_fd: int | None) -> None:
        """Expect `epochs` epochs; write a line per finished one on `events_fd` if it is given."""
        super().__init__()
        self.epochs: list[Epoch] = []
        self.first_step_seconds: float | None = None
        self._planned_epochs = epochs
        self._events_fd = events_fd
        self._barrier_variable: keras.Variable | None = None

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Choose the smallest variable as the barrier, so that reading it costs least."""
        variables = self.model.trainable_variables or self.model.variables
        self._barrier_variable = min(variables, key=lambda v: math.prod(v.shape), default=None)

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock of the epoch, and end that of the one before."""
        self._epoch_begin = perf_counter()
        if self.epochs:
            tail = self._epoch_begin - self._test_end
            self.epochs[-1] = msgspec.structs.replace(self.epochs[-1], tail_seconds=tail)
        else:
            self.begin = self._epoch_begin
        self._batch_begins: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Stamp the first two batches of the epoch: between them lies its first step."""
        if len(self._batch_begins) < 2:
            self._batch_begins.append(perf_counter())

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Wait until training is done, then end its clock and start that of validation."""
        if self._barrier_variable is not None:
            keras.ops.convert_to_numpy(self._barrier_variable)
        self._test_begin = perf_counter()

    def on_test_end(self, logs: dict | None = None) -> None:
        """End the clock of validation."""
        self._test_end = perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the epoch; raise NonFiniteLossError when a loss is NaN or infinite."""
        logs = logs or {}
        check_finite(epoch, logs)
        if not self.epochs:
            self.first_step_seconds = _second(self._batch_begins, self._batch_begins[0])
        finished = Epoch(
            index=epoch,
            warmup=epoch == 0,
            train_seconds=self._test_begin - self._epoch_begin,
            validation_seconds=self._test_end - self._test_begin,
            loss=logs["loss"],
            accuracy=accuracy_of(logs, ""),
            val_loss=logs["val_loss"],
            val_accuracy=accuracy_of(logs, "val_"),
            first_step_seconds=_second(self._batch_begins, self._epoch_begin),
        )
        tell(finished, self._planned_epochs, self._events_fd)
        self.end = perf_counter()
        tail = self.end - self._test_end
        self.epochs.append(msgspec.structs.replace(finished, tail_seconds=tail))


def check_finite(epoch: int, logs: dict) -> None:
    """Raise NonFiniteLossError when a loss in the logs of an epoch is NaN or infinite."""
    for name in ("loss", "val_loss"):
        if name in logs and not math.isfinite(logs[name]):
            raise NonFiniteLossError(f"{name} is {logs[name]} in epoch {epoch}")


def tell(epoch: Epoch, epochs: int, events_fd: int | None) -> None:
    """Write a line on `events_fd`, if there is one: an epoch of so many is finished."""
    if events_fd is None:
        return
    progress = Progress(
        epoch=epoch.index + 1,
        epochs=epochs,
        epoch_seconds=epoch.train_seconds + (epoch.validation_seconds or 0.0),
        loss=epoch.val_loss if epoch.loss is None else epoch.loss,
        val_accuracy=epoch.val_accuracy,
    )
    os.write(events_fd, msgspec.json.encode(progress) + b"\n")


def _second(readings: list[float], begin: float) -> float | None:
    """Return the time from `begin` to the second of `readings`, None if there is only one."""
    return readings[1] - begin if len(readings) == 2 else None


def accuracy_of(logs: dict, prefix: str) -> float | None:
    """Return the accuracy that a compiled model logs under one of its usual names, or None."""
    for name in ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy"):
        if prefix + name in logs:
            return float(logs[prefix + name])
    return None


class StepTimer(keras.callbacks.Callback):
    """Times every step, which makes Keras wait for each one: that is the price, and the point.

    Overriding `on_train_batch_end` makes JAX and torch synchronise after every step
    (keras/src/callbacks/callback_list.py, `_configure_async_dispatch`). `step_seconds` and
    `gap_seconds` are as in StepDetail, a list per epoch.
    """

    def __init__(self) -> None:
        """Start without any step."""
        super().__init__()
        self.step_seconds: list[list[float]] = []
        self.gap_seconds: list[list[float]] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the lists of this epoch."""
        self.step_seconds.append([])
        self.gap_seconds.append([])

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Start the clock of a step; the time since the last one was a gap."""
        self._begin = perf_counter()
        if self.step_seconds[-1]:
            self.gap_seconds[-1].append(self._begin - self._end)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """End the clock of a step, whose logs have arrived as Python numbers."""
        self._end = perf_counter()
        self.step_seconds[-1].append(self._end - self._begin)

    def detail(self, model: keras.Model, feed: TrainingInput) -> StepDetail:
        """Return the seconds of all steps and gaps, and those of drawing an epoch from `feed`."""
        return StepDetail(
            step_seconds=tuple(map(tuple, self.step_seconds)),
            gap_seconds=tuple(map(tuple, self.gap_seconds)),
            feed_seconds=input_only_seconds(model, feed),
        )


class SliceTimer(keras.callbacks.Callback):
    """Times every epoch from the begin of its second step to that of its last, on two clocks.

    The first step draws the first batches and finds cold caches; after the last one Keras ends the
    epoch, which takes TensorFlow as long as two steps of 8 ms, however many steps there were. The
    device is synchronised before each reading. `idle_seconds` and `idle_cpu_seconds` are those
    that this process waited, and computed meanwhile, before the epoch.
    """

    wall_seconds = cpu_seconds = idle_seconds = idle_cpu_seconds = 0.0

    def __init__(
        self,
        wait: Callable[[], object] = lambda: None,
        tell: Callable[["SliceTimer"], None] = lambda clock: None,
    ) -> None:
        """Call `wait` before each epoch and `tell` with its readings after it."""
        super().__init__()
        self._wait = wait
        self._tell = tell

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Wait for our turn."""
        wall, cpu = perf_counter(), process_time()
        self._wait()
        self.idle_seconds, self.idle_cpu_seconds = perf_counter() - wall, process_time() - cpu

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Start and stop the clocks when the device has nothing left to do.

        Unlike `on_train_batch_end`, this hook leaves async dispatch on.
        """
        if batch == 1:
            self._synchronise()
            self._wall, self._cpu = perf_counter(), process_time()
        elif batch == self.params["steps"] - 1:
            self._synchronise()
            self.wall_seconds = perf_counter() - self._wall
            self.cpu_seconds = process_time() - self._cpu

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Give the turn back when the device is done."""
        self._synchronise()
        self._tell(self)

    def _synchronise(self) -> None:
        """Wait until the device has done all that was asked of it: read the smallest variable."""
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()  # else the variables are those of the epoch before
        variables = self.model.trainable_variables or self.model.variables
        keras.ops.convert_to_numpy(min(variables, key=lambda v: math.prod(v.shape)))
