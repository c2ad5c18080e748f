"""The lane `matched`: the same weights, batch order and threads on every backend."""

import hashlib
import importlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from bench.core.atomic_file import replacing
from data.arrays import ArchiveDamagedError, load_arrays
from data.named_arrays import Array

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


#: keras.initializers.RandomNormal's own default.
_NORMAL_STDDEV = 0.05


class WeightFileError(Exception):
    """A weight file does not hold what its name promises."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a model: its Keras dtype and its initial value."""

    dtype: str
    value: Array

    @property
    def stored_dtype(self) -> str:
        """The NumPy dtype of its values in the file; NumPy itself knows no bfloat16."""
        return "float32" if self.dtype == "bfloat16" else self.dtype

    @property
    def kept(self) -> bool:
        """Whether it starts from its own value on every backend: all zeros and ones, or integer."""
        return not self.dtype.startswith(("float", "bfloat")) or bool(
            np.isin(self.value, (0, 1)).all()
        )


def matched_weights(seed: int, variables: Sequence[Variable], folder: Path) -> list[Array]:
    """Return an array per variable, in order, read from the weight file in `folder`.

    The first worker that misses the file makes it. Its name is the sha256 of the seed and of the
    shape, dtype and kept value of every variable, on which alone its content depends. Raises
    WeightFileError when another file is in its place.
    """
    path = folder / f"{_digest(seed, variables)}.npz"
    if not path.exists():
        _write(path, [draw_weights(seed, index, v) for index, v in enumerate(variables)])
    arrays = read_weights(path)
    expected = [(variable.value.shape, variable.stored_dtype) for variable in variables]
    if [(array.shape, array.dtype.name) for array in arrays] != expected:
        raise WeightFileError(f"{path} holds other arrays than its model has; delete it.")
    return arrays


def draw_weights(seed: int, index: int, variable: Variable) -> Array:
    """Return the initial value of the `index`-th variable of a model.

    A variable with two axes or more is drawn from Glorot's uniform distribution, whose limit is
    sqrt(6 / (fan_in + fan_out)), with the fans that Keras takes for its shape
    (keras/src/initializers/random_initializers.py, `compute_fans`); any other from a normal
    distribution of standard deviation 0.05, of absolute values where all it holds is positive, as a
    saved model's variances are. What holds only zeros and ones, such as biases and the variables of
    BatchNormalization, and what is no float, stays as Keras made it.
    """
    dtype = variable.stored_dtype
    if variable.kept:
        return variable.value.astype(dtype)
    generator = np.random.default_rng([seed, index])
    shape = variable.value.shape
    if len(shape) < 2:
        normal = generator.normal(0.0, _NORMAL_STDDEV, shape).astype(dtype)
        return np.abs(normal) if np.all(variable.value > 0) else normal
    limit = math.sqrt(6 / (math.prod(shape[:-2]) * (shape[-2] + shape[-1])))
    return generator.uniform(-limit, limit, shape).astype(dtype)


def bytes_sha256(arrays: Sequence[Array]) -> str:
    """Return the sha256 over the raw bytes of `arrays`, in order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _digest(seed: int, variables: Sequence[Variable]) -> str:
    facts = [
        (v.value.shape, v.dtype, bytes_sha256([v.value]) if v.kept else None) for v in variables
    ]
    return hashlib.sha256(msgspec.json.encode([seed, facts])).hexdigest()


def _write(path: Path, arrays: Sequence[Array]) -> None:
    """Write the file in one go: other workers find it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *arrays)


def read_weights(path: Path) -> list[Array]:
    """Return the arrays of a weight file, in order; WeightFileError where it cannot be read."""
    try:
        found = load_arrays(path)
        return [found[f"arr_{index}"] for index in range(len(found))]
    except (OSError, ArchiveDamagedError, KeyError) as error:
        raise WeightFileError(f"{path} cannot be read ({error}); delete it.") from error
