"""NumPy archives, read without pickled objects; any damage raises the same error."""

import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from data.named_arrays import Array


class ArchiveDamagedError(Exception):
    """A file is not an archive of plain arrays; the message is a phrase on one line."""


def load_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of an `.npz` by their names; raises ArchiveDamagedError or OSError.

    An archive that would unpack to more than this machine's memory is refused first.
    """
    # Opened here, since np.load leaves a file open that is not an archive.
    with path.open("rb") as stream:
        try:
            _check_size(stream)
            # Checked first: np.load would read any other file as an .npy or a pickle.
            with np.load(stream, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files}
        except OSError:
            raise
        except Exception as error:  # from zipfile, zlib, tokenize, ast, struct and others
            raise ArchiveDamagedError(damage(error)) from error


def damage(error: Exception) -> str:
    """Return the reason of a reader's error as a phrase on one line."""
    reason = str(error).split(". ")[0].rstrip(". ") or type(error).__name__
    return " ".join("".join(c if c.isprintable() else " " for c in reason).split())


def _check_size(stream: Any) -> None:
    with zipfile.ZipFile(stream) as archive:
        needed = sum(member.file_size for member in archive.infolist())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > memory:
        raise ValueError(f"it unpacks to {needed:,} bytes, more than the memory of {memory:,}")
    stream.seek(0)
