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
    """Restrict this process to `cpus`, if any are given; return the number of usable CPUs.

    This must precede the import of the framework, because JAX starts one thread for each usable CPU
    and has no option for it.
    """
    if cpus:
        os.sched_setaffinity(0, cpus)
    return len(os.sched_getaffinity(0))


def prepare_framework(backend: str, threads: int) -> None:
    """Import the framework of `backend` and set `threads` threads and full float32 precision.

    This must precede the import of Keras, because TensorFlow's threads are fixed after its first
    operation.
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
    """The images of each batch: a NumPy permutation per epoch, and a digest of the served batches.

    The permutation is that of `default_rng([seed, epoch])`. Batches served before the first epoch
    begins belong to epoch 0 and are not recorded, because TensorFlow samples batches to learn their
    shapes and Keras draws one to build a model.
    """

    def __init__(self, images: int, batch_size: int, seed: int) -> None:
        """Order `images` images in batches of `batch_size`; the last batch may be smaller."""
        self._images = images
        self._batch_size = batch_size
        self._seed = seed
        self._served: list[Any] = []
        self._permutation = self._permute(0)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return -(-self._images // self._batch_size)

    def begin(self, epoch: int) -> None:
        """Change to the permutation of `epoch` and record the batches served from now on."""
        self._permutation = self._permute(epoch)
        self._served.append(hashlib.sha256())

    def serve(self, batch: int) -> Indices:
        """Return the indices of the images in a batch, shape (n,), and record them."""
        first = batch * self._batch_size
        indices = self._permutation[first : first + self._batch_size]
        if self._served:
            self._served[-1].update(len(indices).to_bytes(8, "little") + indices.tobytes())
        return indices

    def sha256(self) -> str:
        """Return the sha256 over the digests of all epochs so far, in order.

        The digest of an epoch covers the number of indices and the indices of each of its batches,
        in the order in which they were served.
        """
        return hashlib.sha256(b"".join(epoch.digest() for epoch in self._served)).hexdigest()

    def _permute(self, epoch: int) -> Indices:
        return np.random.default_rng([self._seed, epoch]).permutation(self._images)


#: The default of keras.initializers.RandomNormal.
_NORMAL_STDDEV = 0.05


class WeightFileError(Exception):
    """A weight file is unreadable, or does not hold the weights of its name."""


@dataclass(frozen=True, eq=False)
class Variable:
    """A variable of a model: its Keras dtype and its initial value."""

    dtype: str
    value: Array

    @property
    def stored_dtype(self) -> str:
        """The NumPy dtype of its values in the file, because NumPy has no bfloat16."""
        return "float32" if self.dtype == "bfloat16" else self.dtype

    @property
    def kept(self) -> bool:
        """Whether it keeps the initial value of Keras: all zeros and ones, or integers."""
        return not self.dtype.startswith(("float", "bfloat")) or bool(
            np.isin(self.value, (0, 1)).all()
        )


def matched_weights(seed: int, variables: Sequence[Variable], folder: Path) -> list[Array]:
    """Return an array per variable, in order, read from the weight file in `folder`.

    The first worker that needs the file writes it. Its name is the sha256 of the seed and of the
    shape, dtype and kept value of every variable; its content depends on nothing else. Raises
    WeightFileError if the file holds other arrays.
    """
    path = folder / f"{_digest(seed, variables)}.npz"
    if not path.exists():
        _write(path, [draw_weights(seed, index, v) for index, v in enumerate(variables)])
    arrays = read_weights(path)
    expected = [(variable.value.shape, variable.stored_dtype) for variable in variables]
    if [(array.shape, array.dtype.name) for array in arrays] != expected:
        raise WeightFileError(f"{path} does not hold the arrays of its model; delete it.")
    return arrays


def draw_weights(seed: int, index: int, variable: Variable) -> Array:
    """Return the initial value of the `index`-th variable of a model.

    A variable with two or more axes is drawn from Glorot's uniform distribution, whose limit is
    sqrt(6 / (fan_in + fan_out)), with the fans that Keras uses for its shape
    (keras/src/initializers/random_initializers.py, `compute_fans`). Any other variable is drawn
    from a normal distribution of standard deviation 0.05; if all its values are positive, like the
    variances of a saved model, absolute values are taken. Variables with only zeros and ones, such
    as biases and those of BatchNormalization, and variables that are not floats keep the value of
    Keras.
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
    """Write the file atomically, so that other workers find it complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *arrays)


def read_weights(path: Path) -> list[Array]:
    """Return the arrays of a weight file, in order; raises WeightFileError if unreadable."""
    try:
        arrays = load_arrays(path)
        return [arrays[f"arr_{index}"] for index in range(len(arrays))]
    except (OSError, ArchiveDamagedError, KeyError) as error:
        raise WeightFileError(f"{path} cannot be read ({error}); delete it.") from error
