"""The weight file of the lane `matched`: made with NumPy, the same bytes for every backend."""

import hashlib
import math
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from data.arrays import ArchiveDamaged, load_arrays

Array = npt.NDArray[Any]

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
        _write(path, [draw(seed, index, v) for index, v in enumerate(variables)])
    arrays = read_weights(path)
    expected = [(variable.value.shape, variable.stored_dtype) for variable in variables]
    if [(array.shape, array.dtype.name) for array in arrays] != expected:
        raise WeightFileError(f"{path} holds other arrays than its model has; delete it.")
    return arrays


def draw(seed: int, index: int, variable: Variable) -> Array:
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
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, *arrays)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_weights(path: Path) -> list[Array]:
    """Return the arrays of a weight file, in order; WeightFileError where it cannot be read."""
    try:
        found = load_arrays(path)
        return [found[f"arr_{index}"] for index in range(len(found))]
    except (OSError, ArchiveDamaged, KeyError) as error:
        raise WeightFileError(f"{path} cannot be read ({error}); delete it.") from error
