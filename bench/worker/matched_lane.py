"""The lane `matched`: the same CPUs, threads, precision and batches on every backend."""

import hashlib
import importlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


def pin_cpus(cpus: Sequence[int]) -> int:
    """Let this process run on `cpus` alone, if any are given; return how many it may use.

    Must come before the import of the framework: JAX takes a thread for each CPU that it finds
    usable, and has no other option.
    """
    if cpus:
        os.sched_setaffinity(0, cpus)
    return len(os.sched_getaffinity(0))


def prepare_framework(backend: str, threads: int) -> None:
    """Import the framework of `backend` and give it so many threads and full float32 precision.

    Must come before the import of Keras: TensorFlow fixes its threads with its first operation.
    """
    framework = importlib.import_module(backend)
    if backend == "jax":
        framework.config.update("jax_default_matmul_precision", "highest")
    elif backend == "tensorflow":
        framework.config.threading.set_intra_op_parallelism_threads(threads)
        framework.config.threading.set_inter_op_parallelism_threads(threads)
        framework.config.experimental.enable_tensor_float_32_execution(False)
    else:
        framework.set_num_threads(threads)
        framework.set_num_interop_threads(threads)
        framework.set_float32_matmul_precision("highest")
        framework.backends.cudnn.allow_tf32 = False


class BatchOrder:
    """Which images stand in which batch: a permutation of NumPy's per epoch, and a note of it.

    The permutation is that of `default_rng([seed, epoch])`. What is asked for before the first
    epoch begins is of epoch 0 and not noted: TensorFlow samples batches to learn their shapes, and
    Keras takes one to build a model.
    """

    def __init__(self, images: int, batch_size: int, seed: int) -> None:
        """Order `images` in batches of `batch_size`, the last of which may be smaller."""
        self._images = images
        self._batch_size = batch_size
        self._seed = seed
        self._served: list[Any] = []
        self._permutation = self._permute(0)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-self._images // self._batch_size)

    def begin(self, epoch: int) -> None:
        """Change to the permutation of `epoch` and note what is served from here on."""
        self._permutation = self._permute(epoch)
        self._served.append(hashlib.sha256())

    def serve(self, batch: int) -> Indices:
        """Return the indices of the images in a batch, shape (n,), and note them."""
        first = batch * self._batch_size
        indices = self._permutation[first : first + self._batch_size]
        if self._served:
            self._served[-1].update(len(indices).to_bytes(8, "little") + indices.tobytes())
        return indices

    def sha256(self) -> str:
        """Return the digest of all batches served so far: that of the epochs' digests, in order.

        An epoch's digest is over the number of indices and the indices of each of its batches, in
        the order in which they were served.
        """
        return hashlib.sha256(b"".join(epoch.digest() for epoch in self._served)).hexdigest()

    def _permute(self, epoch: int) -> Indices:
        return np.random.default_rng([self._seed, epoch]).permutation(self._images)
