"""The registry: the names of all datasets."""

from pathlib import Path
from typing import Final

from data.errors import BadOptionError, UnknownDatasetError
from data.suggestion import did_you_mean

#: Family -> one line for `bench list`.
DATASETS: Final[dict[str, str]] = {
    "cifar10": "60,000 colour photos of 10 kinds, 32x32x3 (170 MB download, or --data-dir)",
    "cifar100": "60,000 colour photos of 100 kinds, 32x32x3 (169 MB download, or --data-dir)",
    "digits": "1,797 handwritten digits of UCI, scaled to 32x32x3 (in the repository, no network)",
    "fashion_mnist": "70,000 grey photos of 10 kinds of clothes, 28x28x1 (31 MB download)",
    "mnist": "70,000 handwritten digits of NIST, 28x28x1 (11 MB download)",
    "ratings": "110,000 made-up likes of 8,192 users and 4,096 items (generated)",
    "synthetic": "seeded arrays; synthetic:shape=32x32x3,classes=10,train=2048,test=512,seed=0",
    "verses": "5,627 windows of 128 bytes from four old books (in the repository, no network)",
}
#: The same for a user's data, whose names include its place.
USER_DATASETS: Final[dict[str, str]] = {
    "npz:PATH": "your arrays x_train, y_train, x_test, y_test, or x and y, in a NumPy archive",
    "images:FOLDER[@HxW]": "your pictures, a folder per class, in train/ and test/ or split",
    "FILE.py:FUNCTION": "your function; returns (x_train, y_train), (x_test, y_test) or x, y",
}


def parse_name(name: str) -> tuple[str, str]:
    """Return the dataset's family (a key of DATASETS, `npz`, `images`, `function`) and the rest.

    Raises UnknownDatasetError for another family, BadOptionError for wrong options or a missing
    place.
    """
    if name.rpartition(":")[0].endswith(".py"):
        return "function", name
    family, colon, rest = name.partition(":")
    if family in ("npz", "images"):
        if not rest:
            raise BadOptionError(f"The dataset {name!r} has no path; it must be {family}:PATH.")
        return family, rest
    if family not in DATASETS:
        raise UnknownDatasetError(
            f"There is no dataset {family!r}; {did_you_mean(family, DATASETS)}allowed are "
            f"{', '.join([*DATASETS, *USER_DATASETS])}."
        )
    if colon and family != "synthetic":
        raise BadOptionError(f"The dataset {family} takes no options, but {name!r} has {rest!r}.")
    return family, rest


def is_user_arrays(name: str) -> bool:
    """Return whether a dataset is a user's arrays, whose targets are passed on as they are."""
    try:
        return parse_name(name)[0] in ("npz", "function")
    except (BadOptionError, UnknownDatasetError):
        return False


def resolve_dataset(name: str) -> str:
    """Return the name with the path of a user's data made absolute, or an unchanged other name."""
    try:
        family, rest = parse_name(name)
        if family == "function":
            location, _, function = rest.rpartition(":")
            return f"{Path(location).expanduser().resolve()}:{function}"
        if family in ("npz", "images"):
            return f"{family}:{Path(rest).expanduser().resolve()}"
    except (BadOptionError, UnknownDatasetError, OSError, RuntimeError, ValueError):
        pass  # reported where the dataset is prepared
    return name
