"""The dataset `npz:PATH`: a user's arrays in one NumPy archive, without pickled objects."""

import hashlib
from pathlib import Path

from data.archive import unreadable
from data.arrays import ArchiveDamagedError, load_arrays
from data.errors import MissingSourceError, SourceUnreadableError
from data.source import Arrays, Source
from data.user_arrays import USER_ARRAYS_VERSION, arrange, user_path


def npz_source(text: str) -> Source:
    """Return the source of the archive at `text`.

    Raises MissingSourceError or SourceUnreadableError.
    """
    path = user_path(text)
    return Source(
        name=f"npz:{path.resolve()}",
        key=f"npz{USER_ARRAYS_VERSION}-{file_key(path)}",
        description=f"a user's arrays ({path.name})",
        official=False,
        classes=None,
        read=lambda: read_npz(path, str(path)),
    )


def read_npz(path: Path, place: str) -> Arrays:
    """Return the four parts of the archive.

    Raises SourceUnreadableError, or WrongArraysError that names `place`.
    """
    try:
        flat = load_arrays(path)
    except OSError as error:
        raise unreadable(path, error) from error
    except ArchiveDamagedError as error:
        raise SourceUnreadableError(
            f"{path} is not an .npz archive of plain arrays ({error}); numpy.savez writes one."
        ) from error
    return arrange(flat, place)


def file_key(path: Path) -> str:
    """Return a key that changes with a file's path, size or time."""
    try:
        if not path.is_file():
            raise MissingSourceError(f"{path} is missing or not a regular file.")
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    facts = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(facts.encode(errors="surrogateescape")).hexdigest()[:16]
