"""A part of a dataset: one array, or several of equal length by the names of a model's inputs."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy.typing as npt

Array = npt.NDArray[Any]
#: An array of shape (n, …), or arrays of the same n by name.
Part = Array | dict[str, Array]

PART_NAMES: Final = ("x_train", "y_train", "x_test", "y_test")
_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")


def length(part: Part) -> int:
    """Return the number of examples."""
    return len(next(iter(part.values())) if isinstance(part, dict) else part)


def take(part: Part, rows: Any) -> Part:
    """Return the examples that a slice, or an array of indices, chooses."""
    return each(part, lambda array: array[rows])


def shapes(part: Part) -> Any:
    """Return the shape of one example, a tuple; by name where there are several arrays."""
    if isinstance(part, dict):
        return {name: array.shape[1:] for name, array in part.items()}
    return part.shape[1:]


def each(part: Part, change: Callable[[Array], Array]) -> Part:
    """Return the part with each of its arrays changed."""
    if isinstance(part, dict):
        return {name: change(array) for name, array in part.items()}
    return change(part)


def flatten(parts: Mapping[str, Part]) -> dict[str, Array]:
    """Return all arrays by PART or PART.NAME, as a manifest has them."""
    flat: dict[str, Array] = {}
    for name, part in parts.items():
        if isinstance(part, dict):
            flat |= {f"{name}.{key}": array for key, array in part.items()}
        else:
            flat[name] = part
    return flat


def gather(flat: Mapping[str, Array]) -> dict[str, Part]:
    """Return the parts of arrays that `flatten` has named."""
    parts: dict[str, Part] = {}
    for name, array in flat.items():
        part, dot, key = name.partition(".")
        if not dot:
            parts[part] = array
        else:
            found = parts.setdefault(part, {})
            assert isinstance(found, dict)  # `are_named_well` has seen to it
            found[key] = array
    return parts


def are_named_well(names: list[str]) -> bool:
    """Return whether these are all four parts, of one array or several, alike in both halves."""
    keys: dict[str, set[str]] = {part: set() for part in PART_NAMES}
    for name in names:
        part, dot, key = name.partition(".")
        if part not in keys or (dot and not _KEY.fullmatch(key)):
            return False
        keys[part].add(key)
    if any("" in found and len(found) > 1 for found in keys.values()) or not all(keys.values()):
        return False
    return keys["x_train"] == keys["x_test"] and keys["y_train"] == keys["y_test"]
