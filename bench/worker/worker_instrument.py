"""The clock of each step, for an instrumented launch."""

from time import perf_counter

import keras

from bench.core.result import StepDetail
from bench.worker.input_pipeline import Feed, drain_seconds


class StepClock(keras.callbacks.Callback):
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

    def detail(self, model: keras.Model, feed: Feed) -> StepDetail:
        """Return the seconds of all steps and gaps, and those of drawing an epoch from `feed`."""
        return StepDetail(
            step_seconds=tuple(map(tuple, self.step_seconds)),
            gap_seconds=tuple(map(tuple, self.gap_seconds)),
            feed_seconds=drain_seconds(model, feed),
        )
