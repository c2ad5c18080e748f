"""Data that a model's file makes itself: anything that `fit` takes, in the worker."""

from typing import Any, Final

from bench.core.cell import Cell
from bench.worker.builders import WorkloadError
from bench.worker.file_functions import FileFunctions
from bench.worker.split import Split

#: Values of Python itself, from which no adapter of Keras draws batches.
_PLAIN: Final = (bool, bytes, dict, float, int, list, set, str)


def own_data(functions: FileFunctions, cell: Cell) -> tuple[Split, Split | None]:
    """Return the training and the validation split that the file's `data` makes.

    The cell's limits select the first examples of arrays. Raises WorkloadError for a value of
    another form, and for a limit of data that are not arrays.
    """
    if "data" not in functions:
        raise WorkloadError(
            f"The dataset own is made by the function data of a model's file, and "
            f"{functions.place or 'this workload'} has none."
        )
    returned = functions.call("data", batch_size=cell.batch_size, seed=cell.seed)
    training, validation = split_data(returned, functions.place)
    training = _limited(training, cell.limit_train, "train", functions.place)
    if validation is not None:
        validation = _limited(validation, cell.limit_test, "test", functions.place)
    return training, validation


def split_data(returned: Any, place: str) -> tuple[Split, Split | None]:
    """Return the two splits in the value of `data`; the second is None without validation.

    The value is one split, or a pair of splits of which the second may be None. A split is
    `(x, y)`, `(x, y, sample_weight)`, `(x, None)`, or anything else that `fit` takes as `x`. A
    tuple is a pair of splits if its first element is a tuple or makes batches itself.
    """
    if returned is None:
        raise WorkloadError(f"{place}: data returned None, where the training data are expected.")
    if not isinstance(returned, tuple):
        return read_split(returned, place), None
    first = returned[0] if returned else ()
    if isinstance(first, tuple) or not Split(x=first).is_arrays:
        if len(returned) != 2:
            many = "split" if len(returned) == 1 else "splits"
            raise WorkloadError(
                f"{place}: data returned {len(returned)} {many}, where 2 are expected: training "
                "and validation."
            )
        training, validation = returned
        validation = None if validation is None else read_split(validation, place)
        return read_split(training, place), validation
    return read_split(returned, place), None


def read_split(value: Any, place: str) -> Split:
    """Return the split in a value; WorkloadError, which names `place`, for one of another form."""
    if not isinstance(value, tuple):
        return _checked(Split(x=value), place)
    if len(value) not in (1, 2, 3):
        raise WorkloadError(
            f"{place}: data returned a split of {len(value)} parts, where x, y and, if you like, "
            "sample_weight are expected."
        )
    split = _checked(Split(**dict(zip(("x", "y", "sample_weight"), value, strict=False))), place)
    if len(value) > 1 and not split.is_arrays:
        raise WorkloadError(
            f"{place}: data returned a {type(split.x).__name__} with targets beside it, where "
            "arrays are expected, or an object that makes batches of both."
        )
    return split


def _checked(split: Split, place: str) -> Split:
    """Return the split; WorkloadError if its `x` is neither arrays nor an object of batches."""
    is_list = isinstance(split.x, list) and any(isinstance(each, tuple) for each in split.x)
    if is_list:
        raise WorkloadError(f"{place}: data returned a list of tuples; return a tuple of them.")
    if split.x is None or (not split.is_arrays and isinstance(split.x, _PLAIN)):
        raise WorkloadError(
            f"{place}: data returned a {type(split.x).__name__} as x, where arrays are expected, "
            "or an object that makes batches."
        )
    return split


def _limited(split: Split, limit: int | None, half: str, place: str) -> Split:
    if limit is None:
        return split
    if not split.is_arrays:
        raise WorkloadError(
            f"{place}: --limit-{half} selects examples of arrays, and the data are of type "
            f"{type(split.x).__name__}."
        )
    return split.take(slice(limit))
