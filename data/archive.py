"""The members of a `.tar.gz`, read from the stream by exact name and never extracted to disk."""

import gzip
import io
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from data.arrays import damage
from data.errors import (
    MissingSourceError,
    SourceUnreadableError,
    TruncatedFileError,
    WrongSizeError,
)

#: The largest member that is read if its size is not known in advance.
MOST_BYTES = 256 * 2**20
#: The most bytes that are unpacked from one archive, including members that are skipped.
MOST_UNPACKED_BYTES = 2**30


def read_members(path: Path, sizes: Mapping[str, int | None]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each regular member named in `sizes`, in the archive's order.

    A size is exact, or None for any size up to MOST_BYTES. Raises MissingSourceError,
    SourceUnreadableError, TruncatedFileError or WrongSizeError.
    """
    missing = dict(sizes)
    try:
        with (
            gzip.open(path) as stream,
            tarfile.open(fileobj=io.BufferedReader(_Bounded(stream)), mode="r|") as archive,
        ):
            for member in archive:
                if member.name not in missing or not member.isreg():
                    continue
                place, size = f"{path}:{member.name}", missing.pop(member.name)
                check_size(
                    place, member.size, min(member.size, MOST_BYTES) if size is None else size
                )
                file = archive.extractfile(member)
                assert file is not None  # extractfile returns None for irregular members only
                content = file.read()
                check_size(place, len(content), member.size)
                yield member.name, content
    except (TruncatedFileError, WrongSizeError):
        raise
    except Exception as error:  # tarfile raises more than its own errors on damaged headers
        raise unreadable(path, error) from error
    if missing:
        raise MissingSourceError(f"{path} lacks the member {min(missing)}.")


class _Bounded(io.RawIOBase):
    """A stream that raises OSError after MOST_UNPACKED_BYTES."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream
        self._remaining = MOST_UNPACKED_BYTES

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into the buffer and return the number of bytes."""
        count = self._stream.readinto(buffer)
        self._remaining -= count
        if self._remaining < 0:
            raise OSError(f"it unpacks to more than {MOST_UNPACKED_BYTES:,} bytes")
        return count


def check_size(place: str, size_bytes: int, allowed_bytes: int) -> None:
    """Raise TruncatedFileError or WrongSizeError for a file whose size is not its format's."""
    sentence = f"{place} has {size_bytes:,} bytes, where exactly {allowed_bytes:,} are allowed."
    if size_bytes < allowed_bytes:
        raise TruncatedFileError(sentence)
    if size_bytes > allowed_bytes:
        raise WrongSizeError(sentence)


def unreadable(path: Path, error: Exception) -> SourceUnreadableError:
    """Return the error for a file that exists and cannot be read."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else damage(error)
    return SourceUnreadableError(f"{path} cannot be read ({reason}).")
