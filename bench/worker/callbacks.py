"""Callbacks that time epochs, steps and the slices of a gate."""

import math
import os
from collections.abc import Callable, Mapping
from time import perf_counter, process_time
from typing import Any

import keras
import msgspec
import numpy as np

from bench.core.job import Progress
from bench.core.result import Epoch, StepDetail
from bench.worker.input_pipeline import TrainingInput, input_only_seconds


class NonFiniteLossError(ArithmeticError):
    """The loss became NaN or infinite, so further training is useless."""


class EpochTimer(keras.callbacks.Callback):
    """Collects raw clock readings and the logs of one `fit`, with or without validation.

    An epoch's training time runs from `on_epoch_begin` to `on_test_begin`, or to `on_epoch_end` of
    an epoch without validation. There one variable is read as NumPy, because on JAX nothing else
    waits there for the last step. Its validation time runs from there to `on_test_end`; by then
    Keras has converted the logs to Python numbers, which waits on every backend. Its tail runs from
    there to the start of the next epoch, or for the last epoch to the end of this `on_epoch_end`,
    so that no time is lost between two epochs. Only hooks that keep async dispatch on are
    overridden, because a callback with `on_train_batch_end` makes JAX and torch synchronise at
    every step (keras/src/callbacks/callback_list.py, `_configure_async_dispatch`).

    `begin` and `end` are the readings at the start of the first and at the end of the last epoch.
    `first_step_seconds` is the time between the first two batches of the first epoch, None if the
    epoch has one batch. `stopped_early` is True when a callback ended the training.
    """

    def __init__(self, epochs: int, events_fd: int | None, *, finite: bool = True) -> None:
        """Expect `epochs` epochs; write a line per finished epoch to `events_fd`, if given.

        If `finite`, a loss that is NaN or infinite raises NonFiniteLossError.
        """
        super().__init__()
        self.epochs: list[Epoch] = []
        self.first_step_seconds: float | None = None
        self.stopped_early = False
        #: False for a `fit` that finds its training step compiled by an earlier one.
        self.compiles = True
        self._planned_epochs = epochs
        self._events_fd = events_fd
        self._finite = finite
        self._barrier: keras.Variable | None = None
        self._validated = 0.0

    def on_train_begin(self, logs: dict | None = None) -> None:
        """Choose the smallest variable as the barrier, because reading it takes the least time."""
        self._barrier = self._smallest_variable()

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the clock of the epoch, and stop that of the previous one."""
        self._epoch_begin = perf_counter()
        if self.epochs:
            tail = self._epoch_begin - self._validated
            self.epochs[-1] = msgspec.structs.replace(self.epochs[-1], tail_seconds=tail)
        else:
            self.begin = self._epoch_begin
        self._batches: list[tuple[int, float]] = []
        self._last_batch: int | None = None
        self._trained: float | None = None
        self._validated = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Read the clock at the first two batches, which enclose the first step."""
        self._last_batch = batch
        if len(self._batches) < 2:
            self._batches.append((batch, perf_counter()))

    def on_test_begin(self, logs: dict | None = None) -> None:
        """Wait until training is done, then stop its clock and start that of validation."""
        self._trained = self._read_clock()

    def on_test_end(self, logs: dict | None = None) -> None:
        """Stop the clock of validation."""
        self._validated = perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Keep the epoch; raise NonFiniteLossError if a loss is NaN or infinite."""
        validation_seconds = None
        if self._trained is None:
            self._trained = self._validated = self._read_clock()
        else:
            validation_seconds = self._validated - self._trained
        if self._finite:
            check_finite(epoch, logs or {})
        first = len(self.epochs) == 0
        if first and self._batches:
            self.first_step_seconds = self._second_begin(self._batches[0][1])
        finished = Epoch(
            index=len(self.epochs),
            warmup=first and self.compiles,
            train_seconds=self._trained - self._epoch_begin,
            validation_seconds=validation_seconds,
            logs=plain_logs(logs or {}),
            first_step_seconds=self._second_begin(self._epoch_begin),
            **self._step_counts(),
        )
        report_epoch(finished, self._planned_epochs, self._events_fd)
        self.end = perf_counter()
        self.epochs.append(
            msgspec.structs.replace(finished, tail_seconds=self.end - self._validated)
        )

    def on_train_end(self, logs: dict | None = None) -> None:
        """Keep whether a callback ended the training."""
        self.stopped_early = bool(self.model.stop_training)

    def _read_clock(self) -> float:
        """Return the clock reading when the barrier has been read: training is done then."""
        if self._barrier is None:  # a model that is built by its first step
            self._barrier = self._smallest_variable()
        if self._barrier is not None:
            keras.ops.convert_to_numpy(self._barrier)
        return perf_counter()

    def _smallest_variable(self) -> keras.Variable | None:
        variables = self.model.trainable_variables or self.model.variables
        return min(variables, key=lambda v: math.prod(v.shape), default=None)

    def _second_begin(self, begin: float) -> float | None:
        """Return the time from `begin` to the second batch; None if the epoch has one batch."""
        return self._batches[1][1] - begin if len(self._batches) == 2 else None

    def _step_counts(self) -> dict[str, int]:
        """Return the epoch's `steps`, and the `first_steps` before its second batch begins.

        Keras numbers a batch by the first of its steps, and there are `steps_per_execution` of
        these from one batch to the next.
        """
        if self._last_batch is None:
            return {}
        planned = (self.params or {}).get("steps")
        steps = self._last_batch + self.model.steps_per_execution
        counts = {"steps": steps if planned is None else min(steps, planned)}
        if len(self._batches) == 2:
            counts["first_steps"] = self._batches[1][0] - self._batches[0][0]
        return counts


def check_finite(epoch: int, logs: dict) -> None:
    """Raise NonFiniteLossError if a loss in the logs of an epoch is NaN or infinite."""
    for name in ("loss", "val_loss"):
        if name in logs and np.ndim(logs[name]) == 0 and not math.isfinite(logs[name]):
            raise NonFiniteLossError(f"{name} is {logs[name]} in epoch {epoch}")


def report_epoch(epoch: Epoch, epochs: int, events_fd: int | None) -> None:
    """Write the progress after `epoch`, one of `epochs`, as a line to `events_fd`, if given."""
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


def plain_logs(logs: Mapping[str, Any]) -> dict[str, float | None]:
    """Return Keras's logs as Python numbers, in their order.

    A value that is not finite becomes None. An array becomes an entry for each element, `name[0]`,
    `name[1]`, …; anything that is not a number is left out.
    """
    plain: dict[str, float | None] = {}
    for name, value in logs.items():
        try:
            array = np.asarray(keras.ops.convert_to_numpy(value), dtype=np.float64)
        except (TypeError, ValueError):
            continue
        numbers = [float(n) if math.isfinite(n) else None for n in array.ravel()]
        one = array.ndim == 0
        plain |= {name if one else f"{name}[{i}]": number for i, number in enumerate(numbers)}
    return plain


class StepTimer(keras.callbacks.Callback):
    """Times every step, at the cost that Keras waits for the end of each one.

    Overriding `on_train_batch_end` makes JAX and torch synchronise after every step
    (keras/src/callbacks/callback_list.py, `_configure_async_dispatch`). `step_seconds` and
    `gap_seconds` are as in StepDetail, a list per epoch.
    """

    def __init__(self) -> None:
        """Start without steps."""
        super().__init__()
        self.step_seconds: list[list[float]] = []
        self.gap_seconds: list[list[float]] = []

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Start the lists of this epoch."""
        self.step_seconds.append([])
        self.gap_seconds.append([])

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Start the clock of a step; the time since the previous step is a gap."""
        self._begin = perf_counter()
        if self.step_seconds[-1]:
            self.gap_seconds[-1].append(self._begin - self._end)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        """Stop the clock of a step after its logs have arrived as Python numbers."""
        self._end = perf_counter()
        self.step_seconds[-1].append(self._end - self._begin)

    def detail(self, model: keras.Model, feed: TrainingInput) -> StepDetail:
        """Return the seconds of all steps and gaps, and of drawing one epoch from `feed`."""
        return StepDetail(
            step_seconds=tuple(map(tuple, self.step_seconds)),
            gap_seconds=tuple(map(tuple, self.gap_seconds)),
            feed_seconds=input_only_seconds(model, feed) if feed.split.is_repeatable else None,
        )


class SliceTimer(keras.callbacks.Callback):
    """Times every epoch from the start of its second execution to that of its last, on two clocks.

    An execution is one step, or `steps_per_execution` of them, which Keras begins together. The
    first is excluded because it draws the first batches and finds cold caches. The end of the epoch
    is excluded because it takes TensorFlow as long as two steps of 8 ms, whatever the number of
    steps. The device is synchronised before each reading. `steps` is the number of steps between
    the readings by Keras's own count, `idle_seconds` the time that this process waited before the
    epoch, and `idle_cpu_seconds` its CPU time during that wait.
    """

    wall_seconds = cpu_seconds = idle_seconds = idle_cpu_seconds = 0.0
    steps = 0

    def __init__(
        self,
        wait: Callable[[], object] = lambda: None,
        report: Callable[["SliceTimer"], None] = lambda timer: None,
    ) -> None:
        """Call `wait` before each epoch, and `report` with this timer after it."""
        super().__init__()
        self._wait = wait
        self._report = report

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Wait for this process's turn."""
        wall, cpu = perf_counter(), process_time()
        self._wait()
        self.idle_seconds, self.idle_cpu_seconds = perf_counter() - wall, process_time() - cpu

    def on_train_batch_begin(self, batch: int, logs: dict | None = None) -> None:
        """Start and stop the clocks when the device is idle.

        In contrast to `on_train_batch_end`, this hook keeps async dispatch on.
        """
        together = self.model.steps_per_execution
        if batch == together:
            self._synchronise()
            self._wall, self._cpu = perf_counter(), process_time()
        elif batch == (self.params["steps"] - 1) // together * together:
            self._synchronise()
            self.wall_seconds = perf_counter() - self._wall
            self.cpu_seconds = process_time() - self._cpu
            self.steps = batch - together

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Report, which ends the turn, when the device is idle."""
        self._synchronise()
        self._report(self)

    def _synchronise(self) -> None:
        """Wait until the device is idle, by reading the smallest variable."""
        if keras.backend.backend() == "jax":
            self.model.jax_state_sync()  # else the variables are those of the previous epoch
        variables = self.model.trainable_variables or self.model.variables
        keras.ops.convert_to_numpy(min(variables, key=lambda v: math.prod(v.shape)))
