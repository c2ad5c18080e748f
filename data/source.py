"""Sources: the origin of a prepared folder, described before anything is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.errors import MissingSourceError, SourceUnreadableError
from data.named_arrays import Part

#: The four parts by their names.
Arrays = dict[str, Part]


@dataclass(frozen=True, kw_only=True)
class Source:
    """One dataset's origin.

    `key` names the prepared folder: letters, digits and dashes, and it changes whenever the bytes
    may differ. `description` becomes the manifest's `source`. `classes` is 0 if the targets are not
    class ids, None if it has to be counted from the labels. `read` returns the parts x_train,
    y_train, x_test and y_test, or raises a DataError; only this call is expensive.
    """

    name: str
    key: str
    description: str
    official: bool
    classes: int | None
    read: Callable[[], Arrays]


def embedded_bytes(path: Path) -> bytes:
    """Return the content of a dataset's file in the checkout.

    Raises MissingSourceError or SourceUnreadableError.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingSourceError(f"{path} is missing; it belongs to the checkout.") from error
    except OSError as error:
        raise SourceUnreadableError(f"{path} cannot be read ({error.strerror}).") from error
