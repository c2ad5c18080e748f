"""The models and batches of a certifying worker, equal in every process."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from bench.parity.messages import Task
from bench.worker.builders import build_model
from bench.worker.input_pipeline import input_shapes, make_examples
from bench.worker.parity_batches import in_precision, prepare_model
from data.dataset import open_dataset
from data.named_arrays import Part, length, take

_Examples = tuple[Part, Part]

#: The batch size of predictions. All batches are full, because another size is compiled again.
PREDICTED_AT_ONCE = 64


class ParityInputs:
    """The models and the examples of one task, in its precision.

    `all` are the training examples, `batches` the same in full batches and `first` the first batch.
    `test` are the test examples and `labels` their class ids, None for a model that is not a
    classifier.
    """

    def __init__(self, task: Task) -> None:
        """Open the dataset, and build a model to learn the form of its targets."""
        self._task = task
        self._data = dataset = open_dataset(Path(task.job.dataset_folder))
        size, test = (
            task.job.cell.known_batch_size,
            slice(_test_images(task, length(dataset.y_test))),
        )
        rows = np.arange(size * max(task.steps, task.trained_steps)) % length(dataset.y_train)
        model = self.make()
        self.all = self._examples(model, take(dataset.x_train, rows), take(dataset.y_train, rows))
        self.test = self._examples(model, take(dataset.x_test, test), take(dataset.y_test, test))
        places = [slice(begin, begin + size) for begin in range(0, len(rows), size)]
        self.batches = [(take(self.all[0], place), take(self.all[1], place)) for place in places]
        self.first = self.batches[0]
        is_classifier = task.job.target == "labels" and dataset.manifest.classes > 2
        ids = take(dataset.y_test, test)
        self.labels = ids.reshape(-1) if is_classifier and not isinstance(ids, dict) else None

    def make(self) -> Any:
        """Return a new compiled model, prepared to be compared."""
        keras.utils.clear_session(free_memory=False)  # so that the numbers of layers start again
        job, data = self._task.job, self._data
        shapes = input_shapes(job.target, data.x_train)
        model = build_model(job, shapes, data.manifest.classes)
        one = (take(data.x_train, slice(1)), take(data.y_train, slice(1)))
        return prepare_model(model, self._examples(model, *one)[0], self._task.seed)

    def _examples(self, model: Any, inputs: Part, labels: Part) -> _Examples:
        job, manifest = self._task.job, self._data.manifest
        images, targets = make_examples(model, job, manifest, inputs, labels)
        return in_precision(images, self._task.precision), targets


def _test_images(task: Task, available: int) -> int:
    """Return the number of predicted test images; all of them if they do not fill a batch."""
    count = min(task.test_images, available)
    return count - count % PREDICTED_AT_ONCE or count
