"""A part of a dataset: one array, or several arrays of equal length by name."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy.typing as npt

Array = npt.NDArray[Any]
#: An array of shape (n, …), or several with the same n by the names of a model's inputs.
Part = Array | dict[str, Array]

PART_NAMES: Final = ("x_train", "y_train", "x_test", "y_test")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


def length(part: Part) -> int:
    """Return the number of examples."""
    return len(next(iter(part.values())) if isinstance(part, dict) else part)


def take(part: Part, rows: Any) -> Part:
    """Return the examples that `rows`, a slice or an array of indices, selects."""
    return each(part, lambda array: array[rows])


def shapes(part: Part) -> Any:
    """Return the shape of one example, a tuple; by name where there are several arrays."""
    if isinstance(part, dict):
        return {name: array.shape[1:] for name, array in part.items()}
    return part.shape[1:]


def each(part: Part, change: Callable[[Array], Array]) -> Part:
    """Return the part with `change` applied to each of its arrays."""
    if isinstance(part, dict):
        return {name: change(array) for name, array in part.items()}
    return change(part)


def flatten(parts: Mapping[str, Part]) -> dict[str, Array]:
    """Return all arrays by PART or PART.NAME, the names in a manifest."""
    flat: dict[str, Array] = {}
    for name, part in parts.items():
        if isinstance(part, dict):
            flat |= {f"{name}.{key}": array for key, array in part.items()}
        else:
            flat[name] = part
    return flat


def gather(flat: Mapping[str, Array]) -> dict[str, Part]:
    """Return the parts of arrays that are named as by `flatten`."""
    parts: dict[str, Part] = {}
    for name, array in flat.items():
        part, dot, key = name.partition(".")
        if not dot:
            parts[part] = array
        else:
            named = parts.setdefault(part, {})
            assert isinstance(named, dict)  # `are_valid_names` has checked it
            named[key] = array
    return parts


def are_valid_names(names: list[str]) -> bool:
    """Return whether these name all four parts, with equal keys for training and test."""
    keys: dict[str, set[str]] = {part: set() for part in PART_NAMES}
    for name in names:
        part, dot, key = name.partition(".")
        if part not in keys or (dot and not _KEY.fullmatch(key)):
            return False
        keys[part].add(key)
    if any("" in part_keys and len(part_keys) > 1 for part_keys in keys.values()) or not all(
        keys.values()
    ):
        return False
    return keys["x_train"] == keys["x_test"] and keys["y_train"] == keys["y_test"]
