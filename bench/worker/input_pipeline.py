"""Turn prepared arrays into the input from which `fit` draws batches."""

import importlib
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import keras
import numpy as np
from keras.src.trainers.data_adapters import get_data_adapter

from bench.core.cell import Cell
from bench.core.job import Job
from bench.worker.builders import WorkloadError
from bench.worker.matched_lane import BatchOrder
from bench.worker.targets import encode_labels
from data.manifest import Manifest
from data.named_arrays import Part, each, length, shapes, take

_BRIGHTEST = 255


def input_shapes(target: str, inputs: Part) -> Any:
    """Return the shape of a model's input for one example; by name for several inputs."""
    return shapes(_without_last(inputs) if target == "next" else inputs)


def make_examples(
    model: keras.Model, job: Job, manifest: Manifest, inputs: Part, labels: Part
) -> tuple[Part, Part]:
    """Return the inputs and the targets of `model`, one of each per label.

    The target is that of the job's recipe. "labels" means the labels, encoded as in
    `bench.worker.targets`. "inputs" means the inputs themselves as float32, with bytes scaled to 0
    to 1. "next" means the next byte at each place, as int64; the inputs are then texts without
    their last byte.
    """
    if job.target == "labels":
        return inputs, encode_labels(model, job, manifest, inputs, labels)
    if not isinstance(inputs, np.ndarray):
        raise WorkloadError(f"A recipe whose target is {job.target!r} has one input, not several.")
    if job.target == "inputs":
        scale = _BRIGHTEST if inputs.dtype == np.uint8 else 1
        return inputs, inputs.astype(np.float32) / scale
    return _without_last(inputs), inputs[:, 1:].astype(np.int64)


def _without_last(inputs: Part) -> Part:
    return each(inputs, lambda array: array[:, :-1])


_ITERATORS = {
    "jax": "JAXEpochIterator",
    "tensorflow": "TFEpochIterator",
    "torch": "TorchEpochIterator",
}


@dataclass(frozen=True, kw_only=True)
class TrainingInput:
    """The `arguments` that give `fit` its batches; `order` is that of the lane `matched`."""

    arguments: dict[str, Any]
    order: BatchOrder | None = None

    def adapter_name(self) -> str:
        """Return the class of the data adapter that Keras chooses for these arguments."""
        return type(get_data_adapter(**self.arguments)).__name__


def make_feed(cell: Cell, images: Part, targets: Part) -> TrainingInput:
    """Return the input of `cell`: arrays that Keras shuffles, or batches in matched order."""
    if cell.lane != "matched":
        arrays = {"x": images, "y": targets, "batch_size": cell.batch_size, "shuffle": True}
        return TrainingInput(arguments=arrays)
    order = BatchOrder(length(images), cell.known_batch_size, cell.seed)
    batches = MatchedBatches(images, targets, order)
    # These batches have their size already; `batch_size` sets that of the validation batches.
    arguments = {"x": batches, "batch_size": cell.batch_size, "shuffle": False}
    return TrainingInput(arguments=arguments, order=order)


class MatchedBatches(keras.utils.PyDataset):
    """The batches of a BatchOrder, equal on every backend."""

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
        """Return the images and targets of a batch of the current epoch."""
        indices = self._order.serve(index)
        return take(self._images, indices), take(self._targets, indices)


class EpochOrder(keras.callbacks.Callback):
    """Passes the number of the current epoch to a BatchOrder.

    Keras calls the hooks of a PyDataset more than once per epoch (when it builds a model and when
    it resets its iterator), but that of a callback exactly once, before the first batch is drawn.
    """

    def __init__(self, order: BatchOrder) -> None:
        """Advance `order` at the start of each epoch."""
        super().__init__()
        self._order = order

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Change to the order of this epoch."""
        self._order.begin(epoch)


def input_only_seconds(model: keras.Model, feed: TrainingInput) -> float:
    """Return the seconds to draw one epoch of batches without training.

    The batches come from the epoch iterator that `fit` uses on this backend, made in the same way.
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
            # torch's iterator yields batches; the others yield iterators for the step to draw from.
            if backend != "torch":
                for _ in range(model.steps_per_execution):
                    next(drawn)
    return perf_counter() - begin
