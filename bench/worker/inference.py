"""The tasks `evaluate` and `predict`: passes over the test images, and single predictions."""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import keras

from bench.core.cell import Cell
from bench.core.result import Epoch
from bench.worker.callbacks import check_finite, plain_logs, report_epoch
from bench.worker.split import Split
from data.named_arrays import Part, length, take

#: The number of timed predictions of one image each, after untimed ones.
LATENCIES = 300
_WARM_LATENCIES = 20


def run_passes(
    model: keras.Model, cell: Cell, examples: Split, events_fd: int | None
) -> tuple[Epoch, ...]:
    """Return `cell.epochs` passes over the examples; a pass ends when its results are NumPy arrays.

    The complete call of `evaluate` or `predict` is timed, because a user waits for it. The first
    pass compiles and is marked as the warm-up.
    """
    evaluate = cell.task == "evaluate"
    options = {"batch_size": cell.batch_size} if examples.is_arrays else {}
    epochs = []
    for index in range(cell.known_epochs):
        begin = perf_counter()
        if evaluate:
            logs = model.evaluate(**examples.arguments, return_dict=True, verbose=0, **options)
        else:
            model.predict(examples.x, verbose=0, **options)
            logs = {}
        seconds = perf_counter() - begin
        check_finite(index, logs)
        epoch = Epoch(
            index=index,
            warmup=index == 0,
            train_seconds=seconds,
            validation_seconds=None,
            logs=plain_logs({f"val_{name}": value for name, value in logs.items()}),
            tail_seconds=0.0,
        )
        report_epoch(epoch, cell.known_epochs, events_fd)
        epochs.append(epoch)
    return tuple(epochs)


def time_single_predictions(
    model: keras.Model, images: Part, clock: Callable[[], float] = perf_counter
) -> tuple[float, ...]:
    """Return the seconds of LATENCIES predictions of one image each, for successive images.

    Each is a call of `predict_on_batch`, which returns a NumPy array.
    """
    count, seconds = length(images), []
    for number in range(_WARM_LATENCIES + LATENCIES):
        image: Any = take(images, slice(number % count, number % count + 1))
        begin = clock()
        model.predict_on_batch(image)
        seconds.append(clock() - begin)
    return tuple(seconds[_WARM_LATENCIES:])
