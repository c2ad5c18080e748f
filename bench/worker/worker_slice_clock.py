"""The clock of a lock-step side: it times each epoch of a long `fit`, in turns."""

import math
from collections.abc import Callable
from time import perf_counter, process_time

import keras


class SliceClock(keras.callbacks.Callback):
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
        tell: Callable[["SliceClock"], None] = lambda clock: None,
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
