"""Files of a JSON document per line, which grow durably and are read as a whole or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.serialization import DecodeError
from bench.storage.atomic import append_durably

_Row = TypeVar("_Row")


def append_rows(path: Path, *rows: object) -> None:
    """Append a line for each row, all at once; OSError says why not."""
    append_durably(path, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def read_rows(
    path: Path, decode: Callable[[bytes], _Row], error: Callable[[str], Exception]
) -> list[_Row]:
    """Return all rows of a file, none where there is none; `decode` raises DecodeError.

    What is not readable, the file or a line by its number, is raised as an `error` of a sentence.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as reason:
        raise error(f"{path} cannot be read: {reason.strerror}.") from reason
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(decode(line))
        except DecodeError as reason:
            raise error(f"{path}, line {number} is damaged: {reason}.") from reason
    return found
