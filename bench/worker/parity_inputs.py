"""The models and batches of a certifying worker, equal in every process."""

from typing import Any

import keras
import numpy as np

from bench.parity.messages import Task
from bench.worker.builders import WorkloadError
from bench.worker.loaded_workload import LoadedWorkload
from bench.worker.parity_batches import in_precision, prepare_model
from bench.worker.split import Split, first_examples, repeated

#: The batch size of predictions. All batches are full, because another size is compiled again.
PREDICTED_AT_ONCE = 64


class ParityInputs:
    """The models and the examples of one task, in its precision.

    `all` are the training examples, `batches` the same in full batches and `first` the first batch.
    `test` are the test examples, the training ones where there are none, and `labels` their class
    ids, None for a model that is not a classifier.
    """

    def __init__(self, task: Task) -> None:
        """Load the data, and build a model to learn the form of its targets."""
        self._task = task
        self._workload = workload = LoadedWorkload(task.job)
        size = task.job.cell.known_batch_size
        count = size * max(task.steps, task.trained_steps)
        self._raw = repeated(workload.training, count)
        tested = first_examples(workload.validation or self._raw, task.test_images)
        tested = tested.take(slice(_test_images(task, tested.examples or 0)))
        model = self.make()
        self.all = self._examples(model, self._raw)
        self.test = self._examples(model, tested)
        self.batches = [self.all.take(slice(at, at + size)) for at in range(0, count, size)]
        self.first = self.batches[0]
        classes = workload.origin.classes if task.job.target == "labels" else 0
        is_classifier = classes > 2 and isinstance(tested.y, np.ndarray)
        self.labels = tested.y.reshape(-1) if is_classifier else None

    def make(self) -> Any:
        """Return a new compiled model, prepared to be compared."""
        keras.utils.clear_session(free_memory=False)  # so that the numbers of layers start again
        model = self._workload.build()
        one = self._examples(model, self._raw.take(slice(1)))
        return prepare_model(model, one.x, self._task.seed)

    def _examples(self, model: Any, split: Split) -> Split:
        examples = self._workload.examples(model, split)
        inputs = keras.tree.map_structure(
            lambda array: in_precision(array, self._task.precision), examples.x
        )
        return Split(x=inputs, y=examples.y, sample_weight=examples.sample_weight)


def _test_images(task: Task, available: int) -> int:
    """Return the number of predicted test images; all of them if they do not fill a batch."""
    if not available:
        raise WorkloadError("There are no examples to predict.")
    count = min(task.test_images, available)
    return count - count % PREDICTED_AT_ONCE or count
