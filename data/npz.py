"""The dataset `npz:PATH`: a user's arrays in one NumPy archive, without pickled objects."""

import hashlib
import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from data.archive import unreadable
from data.errors import MissingSource, SourceUnreadable
from data.own import arrange
from data.place import user_path
from data.source import Arrays, Source

#: What reading a damaged archive raises; RuntimeError where it looks encrypted or from the future.
_DAMAGED: Final = (ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)


def npz_source(text: str) -> Source:
    """Return the source of the archive at `text`; raises MissingSource or SourceUnreadable."""
    path = user_path(text)
    return Source(
        name=f"npz:{path.resolve()}",
        key=f"npz-{file_key(path)}",
        description=f"a user's arrays ({path.name})",
        official=False,
        classes=None,
        read=lambda: read_npz(path, str(path)),
    )


def read_npz(path: Path, place: str) -> Arrays:
    """Return the four parts of the archive; raises SourceUnreadable, or WrongArrays of `place`."""
    try:
        zipfile.ZipFile(path).close()  # or np.load takes it for an .npy file or a pickle
        with np.load(path, allow_pickle=False) as archive:
            flat = {name: archive[name] for name in archive.files}
    except OSError as error:
        raise unreadable(path, error) from error
    except _DAMAGED as error:
        reason = str(error).split(".")[0]
        raise SourceUnreadable(
            f"{path} is no .npz archive of plain arrays ({reason}); numpy.savez writes one."
        ) from error
    return arrange(flat, place)


def file_key(path: Path) -> str:
    """Return a key that changes with a file's path, size or time."""
    try:
        if not path.is_file():
            raise MissingSource(f"{path} is missing or not a regular file.")
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    facts = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}"
    return hashlib.sha256(facts.encode(errors="surrogateescape")).hexdigest()[:16]
