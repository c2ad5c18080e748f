"""The datasets that lie in the repository, one file each."""

from pathlib import Path

from data.errors import MissingSource, SourceUnreadable


def embedded_bytes(path: Path) -> bytes:
    """Return the file's content; raises MissingSource or SourceUnreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise MissingSource(f"{path} is missing; it belongs to the checkout.") from error
    except OSError as error:
        raise SourceUnreadable(f"{path} cannot be read ({error.strerror}).") from error
