"""What `fit` is fed with: plain arrays, or the batches of the lane `matched`."""

import importlib
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import keras
from keras.src.trainers.data_adapters import get_data_adapter

from bench.core.cell import Cell
from bench.worker.matched_lane import BatchOrder
from data.part import Part, length, take

_ITERATORS = {
    "jax": "JAXEpochIterator",
    "tensorflow": "TFEpochIterator",
    "torch": "TorchEpochIterator",
}


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What `fit` draws its batches from, as its `arguments`; `order` is that of `matched`."""

    arguments: dict[str, Any]
    order: BatchOrder | None = None

    def adapter_name(self) -> str:
        """Return the class of the data adapter that Keras chooses for these arguments."""
        return type(get_data_adapter(**self.arguments)).__name__


def make_feed(cell: Cell, images: Part, targets: Part) -> Feed:
    """Return the feed of `cell`: the arrays for Keras to shuffle, or batches in matched order."""
    if cell.lane != "matched":
        arrays = {"x": images, "y": targets, "batch_size": cell.batch_size, "shuffle": True}
        return Feed(arguments=arrays)
    order = BatchOrder(length(images), cell.batch_size, cell.seed)
    batches = MatchedBatches(images, targets, order)
    # The batches have their size; `fit` cuts the validation images to that of `batch_size`.
    arguments = {"x": batches, "batch_size": cell.batch_size, "shuffle": False}
    return Feed(arguments=arguments, order=order)


class MatchedBatches(keras.utils.PyDataset):
    """The batches of a BatchOrder, which are the same on every backend."""

    def __init__(self, images: Part, targets: Part, order: BatchOrder) -> None:
        """Serve `images` and `targets`, of the same length, in this thread."""
        super().__init__(workers=1)
        self._images = images
        self._targets = targets
        self._order = order

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self._order)

    def __getitem__(self, index: int) -> tuple[Part, Part]:
        """Return the images and targets of a batch of the epoch that runs."""
        indices = self._order.serve(index)
        return take(self._images, indices), take(self._targets, indices)


class EpochOrder(keras.callbacks.Callback):
    """Tells a BatchOrder which epoch runs.

    Keras calls PyDataset's own hooks more often than once per epoch (when it builds a model and
    when it resets its iterator), a callback's exactly once, before the first batch is drawn.
    """

    def __init__(self, order: BatchOrder) -> None:
        """Lead `order` through the epochs."""
        super().__init__()
        self._order = order

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Change to the order of this epoch."""
        self._order.begin(epoch)


def drain_seconds(model: keras.Model, feed: Feed) -> float:
    """Return the time to draw one epoch of batches, with no training beside it.

    They come from the epoch iterator that `fit` uses on this backend, made in the same way.
    """
    backend = keras.backend.backend()
    trainer = importlib.import_module(f"keras.src.backend.{backend}.trainer")
    options = {"steps_per_execution": model.steps_per_execution}
    if backend == "tensorflow":
        options["distribute_strategy"] = model.distribute_strategy
    iterator = getattr(trainer, _ITERATORS[backend])(**feed.arguments, **options)
    begin = perf_counter()
    with iterator.catch_stop_iteration():
        for _, _, drawn in iterator:
            # torch's iterator hands out batches, the others an iterator for the step to draw from.
            if backend != "torch":
                for _ in range(model.steps_per_execution):
                    next(drawn)
    return perf_counter() - begin
