"""`python -m bench.worker.overhead OUTPUT PAIRS JOB.json`: epochs with and without our timer.

OUTPUT receives a JSON object: `train_images` of an epoch, and `seconds`, a list of PAIRS lists with
the seconds of an epoch without and of one with `EpochTimer`.
"""

import sys
from functools import partial
from pathlib import Path
from time import perf_counter

import keras
import msgspec

from bench.core.job import Job
from bench.worker.builders import build_model
from bench.worker.callbacks import EpochTimer
from bench.worker.targets import encode_labels, origin_of
from data.dataset import open_dataset
from data.named_arrays import length, shapes, take

#: The shortest epoch with several steps. The noise of an epoch is proportional to its length (a
#: tenth on a shared machine, at 0.1 s as at 0.5 s), but the cost of the callback is not.
_EPOCH_SECONDS = 0.1
PILOT_IMAGES = 1024
#: Training images per validation image, as in CIFAR-10.
VALIDATION_PART = 5
_WARM_UPS = 2


class _Clock(keras.callbacks.Callback):
    """Reads the clock at the start and the end of an epoch; its work is done at `on_epoch_end`."""

    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
        """Read the clock at the start."""
        self.begin = perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        """Read the clock at the end."""
        self.end = perf_counter()


class Trainer:
    """The job's model, compiled once and trained in epochs of `train_images` images."""

    def __init__(self, job: Job, pairs: int) -> None:
        """Build the model and open the data for `pairs` pairs; nothing is trained yet."""
        keras.utils.set_random_seed(job.cell.seed)
        self._batch_size = job.cell.known_batch_size
        # One for all epochs, as in a launch, although each is the first epoch of its `fit`.
        self._timer = EpochTimer(_WARM_UPS + pairs, job.events_fd)
        self._data = open_dataset(Path(job.dataset_folder))
        data, manifest = self._data, self._data.manifest
        self._model = build_model(job, shapes(data.x_train), manifest.classes)
        encode = partial(encode_labels, self._model, job, origin_of(manifest))
        self._targets = encode(data.x_train, data.y_train)
        self._validation_targets = encode(data.x_test, data.y_test)
        self.train_images = PILOT_IMAGES

    def epoch_seconds(self, *, with_timer: bool) -> float:
        """Train one epoch, validate, and return the seconds of both.

        The clocks are the first and the last callback. The time therefore includes our callback
        and excludes the cost of a call of `fit`.
        """
        first, last = _Clock(), _Clock()
        ours = [self._timer] if with_timer else []
        train = slice(self.train_images)
        validation = slice(self._whole_batches(self.train_images // VALIDATION_PART))
        self._model.fit(
            take(self._data.x_train, train),
            take(self._targets, train),
            batch_size=self._batch_size,
            validation_data=(
                take(self._data.x_test, validation),
                take(self._validation_targets, validation),
            ),
            callbacks=[first, *ours, last],
            verbose=0,
        )
        return last.end - first.begin

    def choose_size(self) -> None:
        """Compile, then set `train_images` so that an epoch lasts about _EPOCH_SECONDS."""
        self.epoch_seconds(with_timer=False)
        seconds = min(self.epoch_seconds(with_timer=False) for _ in range(2))
        images = self._whole_batches(round(PILOT_IMAGES * _EPOCH_SECONDS / seconds))
        self.train_images = min(images, length(self._data.x_train))

    def _whole_batches(self, images: int) -> int:
        """Round `images` to full batches, at least one; a partial batch would be compiled again."""
        return max(1, round(images / self._batch_size)) * self._batch_size


def _measure(job: Job, pairs: int) -> dict:
    """Return the content of OUTPUT; odd pairs run in reverse order (A B, B A, …)."""
    trainer = Trainer(job, pairs)
    trainer.choose_size()
    for _ in range(_WARM_UPS):
        for with_timer in (False, True):
            trainer.epoch_seconds(with_timer=with_timer)
    seconds = []
    for pair in range(pairs):
        order = (False, True) if pair % 2 == 0 else (True, False)
        pair_seconds = {side: trainer.epoch_seconds(with_timer=side) for side in order}
        seconds.append([pair_seconds[False], pair_seconds[True]])
    return {"train_images": trainer.train_images, "seconds": seconds}


if __name__ == "__main__":
    output_path, pairs, job_path = sys.argv[1:]
    job = msgspec.json.decode(Path(job_path).read_bytes(), type=Job)
    Path(output_path).write_bytes(msgspec.json.encode(_measure(job, int(pairs))))
