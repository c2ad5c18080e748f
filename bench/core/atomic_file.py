"""A file replaced as a whole: the one way in which this program writes a temporary file first."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path, *, durable: bool = False) -> Iterator[Path]:
    """Yield where to write instead of `path`; at the end it is renamed to `path`.

    A reader or a crash never sees half of it: `path` is either the former file or the new one, and
    an error leaves no temporary file. The temporary name is new at each call, so two processes may
    write one path at once. A `durable` file survives a power cut. OSError where it cannot be moved.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        yield temporary
        if durable:
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.replace(path)
        if durable:
            sync_folder(path.parent)
    finally:
        if path.parent.is_dir():
            temporary.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as `fsync` does with the bytes of a file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
