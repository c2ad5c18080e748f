"""How the value of a file's `data` is split, and in which form targets reach the loss."""

from collections.abc import Callable
from typing import Any

import pytest

from bench.core.cell import BACKENDS
from tests.fixtures.kinds import Found

_ARRAYS, _BATCHES = "x+y arrays 6", "x _Batches None"
_WEIGHTED = "x+y+sample_weight arrays 6"

SPLITS: dict[str, Any] = {
    "x": ["x arrays 6", None],
    "(x,)": ["x arrays 6", None],
    "(x, y)": [_ARRAYS, None],
    "(x, None)": ["x arrays 6", None],
    "(x, y, w)": [_WEIGHTED, None],
    "(named, y)": [_ARRAYS, None],
    "([x, x], {y})": [_ARRAYS, None],
    "((x, y), (x, y))": [_ARRAYS, _ARRAYS],
    "((x, y, w), (x, y, w))": [_WEIGHTED, _WEIGHTED],
    "((x, None), None)": ["x arrays 6", None],
    "((x,), (x,))": ["x arrays 6", "x arrays 6"],
    "((x, y), batches)": [_ARRAYS, _BATCHES],
    "batches": [_BATCHES, None],
    "(batches, None)": [_BATCHES, None],
    "(batches, batches)": [_BATCHES, _BATCHES],
    "(batches, (x, y))": [_BATCHES, _ARRAYS],
    "a table": ["x+y arrays 2", None],
    "None": "my.py: data returned None, where the training data are expected.",
    "()": "my.py: data returned 0 splits, where 2 are expected: training and validation.",
    "(x, y, w, x)": "my.py: data returned a split of 4 parts, where x, y and, if you like, "
    "sample_weight are expected.",
    "three splits": "my.py: data returned 3 splits, where 2 are expected: training and validation.",
    "three batches": "my.py: data returned 3 splits, where 2 are expected: training and "
    "validation.",
    "a split alone": "my.py: data returned 1 split, where 2 are expected: training and validation.",
    "batches with y": "my.py: data returned a _Batches with targets beside it, where arrays are "
    "expected, or an object that makes batches of both.",
    "lists of numbers": "my.py: data returned a list as x, where arrays are expected, or an object "
    "that makes batches.",
    "a list of splits": "my.py: data returned a list of tuples; return a tuple of them.",
    "(None, y)": "my.py: data returned a NoneType as x, where arrays are expected, or an object "
    "that makes batches.",
    "names of numbers": "my.py: data returned a dict as x, where arrays are expected, or an object "
    "that makes batches.",
}

#: The form, the type and the shape of the targets, and whether they are the very same array.
TARGETS: dict[str, list[Any]] = {
    "users ids, recipe's categorical": ["one-hot", "float32", [6, 3], False],
    "users column, recipe's categorical": ["one-hot", "float32", [6, 3], False],
    "users ids, sparse": ["as given", "int64", [6], True],
    "users ids, poisson": ["as given", "int64", [6], True],
    "users column, mse": ["as given", "int64", [6, 1], True],
    "users ids, one-hot asked": ["one-hot", "float32", [6, 3], False],
    "users ids, as given asked": ["as given", "int64", [6], True],
    "suite's ids, categorical": ["one-hot", "float32", [6, 3], False],
    "suite's ids, sparse": ["as given", "int64", [6], True],
    "suite's ids, one output": ["column", "float32", [6, 1], False],
    "suite's ids, as given asked": ["as given", "int64", [6], True],
    "suite's ids, own loss": ["as given", "int64", [6], True],
}

DRAWN: dict[str, Any] = {
    "first of arrays": 4,
    "first of batches": 6,
    "more than there are": 6,
    "names stay": ["a"],
    "repeated": [0, 1, 2, 3, 4, 5, 0, 1],
    "repeatable": [True, True, False],
    "validation": ["tuple", "Pairs"],
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("name", "wanted"), [("splits", SPLITS), ("targets", TARGETS), ("drawn", DRAWN)]
)
def test_each_form_is_accepted_or_refused_as_written(
    trained: Callable[[str], Found], backend: str, name: str, wanted: dict[str, Any]
) -> None:
    assert trained(backend)["forms"][name] == wanted
