"""Root mean squares of arrays and of their differences."""

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

NumericArray = NDArray[Any]


def error_of(values: NumericArray, reference: NumericArray) -> float:
    """Return the root mean square of `values - reference`; infinite if it is not finite."""
    difference = np.asarray(values, dtype=np.float64) - reference
    value = float(np.sqrt(np.mean(np.square(difference)))) if difference.size else 0.0
    return value if np.isfinite(value) else inf


def size_of(reference: NumericArray) -> float:
    """Return the root mean square of a quantity."""
    return error_of(reference, np.zeros_like(reference))
