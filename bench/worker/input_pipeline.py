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
from bench.worker.split import Split
from bench.worker.targets import Origin, encode_labels
from data.named_arrays import Part, each, shapes

_BRIGHTEST = 255


def input_shapes(target: str, inputs: Part) -> Any:
    """Return the shape of a model's input for one example; by name for several inputs."""
    return shapes(_without_last(inputs) if target == "next" else inputs)


def make_examples(
    model: keras.Model, job: Job, origin: Origin, inputs: Part, labels: Part
) -> Split:
    """Return the inputs and the targets of `model`, one of each per label.

    The target is that of the job's recipe. "labels" means the labels, encoded as in
    `bench.worker.targets`. "inputs" means the inputs themselves as float32, with bytes scaled to 0
    to 1. "next" means the next byte at each place, as int64; the inputs are then texts without
    their last byte.
    """
    if job.target == "labels":
        return Split(x=inputs, y=encode_labels(model, job, origin, inputs, labels))
    if not isinstance(inputs, np.ndarray):
        raise WorkloadError(f"A recipe whose target is {job.target!r} has one input, not several.")
    if job.target == "inputs":
        scale = _BRIGHTEST if inputs.dtype == np.uint8 else 1
        return Split(x=inputs, y=inputs.astype(np.float32) / scale)
    return Split(x=_without_last(inputs), y=inputs[:, 1:].astype(np.int64))


def _without_last(inputs: Part) -> Part:
    return each(inputs, lambda array: array[:, :-1])


_ITERATORS = {
    "jax": "JAXEpochIterator",
    "tensorflow": "TFEpochIterator",
    "torch": "TorchEpochIterator",
}


@dataclass(frozen=True, kw_only=True)
class TrainingInput:
    """The `split` and the `arguments` that give `fit` its batches.

    `order` is that of the lane `matched`.
    """

    split: Split
    arguments: dict[str, Any]
    order: BatchOrder | None = None

    def adapter_name(self) -> str:
        """Return the class of the data adapter that Keras chooses for these arguments.

        An object that makes batches itself is named by its own class: Keras would draw from it.
        """
        if self.order is None and not self.split.is_arrays:
            return self.split.kind
        return type(get_data_adapter(**self.arguments)).__name__


def make_feed(cell: Cell, split: Split) -> TrainingInput:
    """Return the input of `cell`: arrays that Keras shuffles, or batches in matched order.

    An object that makes batches is passed on as it is; the lane `matched` needs arrays.
    """
    if cell.lane != "matched":
        sized = {"batch_size": cell.batch_size, "shuffle": True} if split.is_arrays else {}
        return TrainingInput(split=split, arguments={**split.arguments, **sized})
    order = BatchOrder(split.examples or 0, cell.known_batch_size, cell.seed)
    # These batches have their size already; `batch_size` sets that of the validation batches.
    arguments = {
        "x": MatchedBatches(split, order),
        "batch_size": cell.batch_size,
        "shuffle": False,
    }
    return TrainingInput(split=split, arguments=arguments, order=order)


class MatchedBatches(keras.utils.PyDataset):
    """The batches of a BatchOrder, equal on every backend."""

    def __init__(self, split: Split, order: BatchOrder) -> None:
        """Serve the arrays of `split` in this thread."""
        super().__init__(workers=1)
        self._split = split
        self._order = order

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self._order)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Return the inputs, targets and any weights of a batch of the current epoch."""
        return tuple(self._split.take(self._order.serve(index)).arguments.values())


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
