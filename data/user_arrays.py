"""A user's arrays: where they are, their checks, their split, and the number of classes."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from data.errors import MissingSourceError, WrongArraysError
from data.named_arrays import PART_NAMES, Array, Part, are_valid_names, flatten, gather
from data.source import Arrays

#: The share of examples for validation where the user gives no split.
TEST_SHARE: Final = 0.2
_SPLIT_SEED: Final = 0
_KINDS: Final = "biuf"
#: Part of the key of prepared arrays; raised when a user's arrays are prepared in another way.
USER_ARRAYS_VERSION: Final = 2


def user_path(text: str) -> Path:
    """Return the path with a leading `~` expanded; the file itself may be missing.

    Raises MissingSourceError for the home of an unknown user, a loop of links or a zero byte.
    """
    try:
        path = Path(text).expanduser()
        path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise MissingSourceError(f"{text!r} cannot be found ({reason}).") from error
    return path


def arrange(flat: Mapping[str, Array], place: str) -> Arrays:
    """Return the four parts of arrays named x_train, y_train, x_test, y_test, or PART.NAME each.

    `x` and `y` alone are split: a fifth, chosen at random with a fixed seed, is for validation.
    Nothing else is changed: the targets keep their shape and type. Raises WrongArraysError, which
    names `place`.
    """
    _check_types(flat, place)
    if {name.partition(".")[0] for name in flat} == {"x", "y"}:
        flat = _split(flat, place)
    # The byte order of this machine: no framework takes another.
    flat = {n: a.astype(a.dtype.newbyteorder("="), copy=False) for n, a in flat.items()}
    if not are_valid_names(list(flat)):
        raise WrongArraysError(
            f"{place} holds {', '.join(sorted(flat)) or 'nothing'}, where {', '.join(PART_NAMES)}, "
            "or x and y alone, are expected, each as one array or as several named PART.NAME."
        )
    parts = gather(flat)
    for half in ("train", "test"):
        _check_lengths(parts[f"x_{half}"], parts[f"y_{half}"], half, place)
    for name in ("x", "y"):
        _check_shapes(
            flatten({name: parts[f"{name}_train"]}), flatten({name: parts[f"{name}_test"]}), place
        )
    return parts


def count_classes(arrays: Arrays) -> int:
    """Return the number of classes; 0 if the targets are not class ids from 0, (n,) or (n, 1)."""
    return classes_of([arrays["y_train"], arrays["y_test"]])


def classes_of(splits: Sequence[Any]) -> int:
    """Return the number of classes of the labels of all splits; 0 if any are not class ids."""
    highest = [_highest_id(labels) for labels in splits]
    known = [value for value in highest if value is not None]
    return max(*known, 1) + 1 if len(known) == len(highest) else 0


def _highest_id(labels: Any) -> int | None:
    """Return the highest class id in `labels`; None if they are not class ids."""
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "biu" or not len(labels):
        return None
    if labels.shape not in ((len(labels),), (len(labels), 1)) or labels.min() < 0:
        return None
    return int(labels.max())


def _check_types(flat: Mapping[str, Array], place: str) -> None:
    for name, array in flat.items():
        if not isinstance(array, np.ndarray) or array.dtype.kind not in _KINDS or array.ndim == 0:
            kind = array.dtype.name if isinstance(array, np.ndarray) else type(array).__name__
            raise WrongArraysError(
                f"{place}: {name} is {kind}, where arrays of numbers with a first axis are allowed."
            )


def _split(flat: Mapping[str, Array], place: str) -> dict[str, Array]:
    counts = {name: len(array) for name, array in flat.items()}
    count = max(counts.values())
    if count < 2 or len(set(counts.values())) > 1:
        raise WrongArraysError(f"{place} cannot be split: it has {_list_counts(counts)} examples.")
    order = np.random.RandomState(_SPLIT_SEED).permutation(count)
    test = np.sort(order[: max(1, round(count * TEST_SHARE))])
    train = np.sort(order[len(test) :])
    halves: dict[str, Array] = {}
    for name, array in flat.items():
        part, dot, key = name.partition(".")
        halves |= {f"{part}_train{dot}{key}": array[train], f"{part}_test{dot}{key}": array[test]}
    return halves


def _check_lengths(inputs: Part, targets: Part, half: str, place: str) -> None:
    counts = {n: len(array) for n, array in flatten({"x": inputs, "y": targets}).items()}
    if len(set(counts.values())) > 1 or not all(counts.values()):
        raise WrongArraysError(
            f"{place} has {_list_counts(counts)} {half} examples, where equal numbers, at least "
            "one, are allowed."
        )


def _check_shapes(train: dict[str, Array], test: dict[str, Array], place: str) -> None:
    for name, array in train.items():
        if array.shape[1:] != test[name].shape[1:]:
            raise WrongArraysError(
                f"{place}: {name} has the shape {array.shape[1:]} for training and "
                f"{test[name].shape[1:]} for validation; they must be equal."
            )


def _list_counts(counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{count} of {name}" for name, count in counts.items())
