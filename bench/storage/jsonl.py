"""Files with one JSON document per line: durable appends, and reads of all lines or none."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from bench.core.serialization import DecodeError
from bench.storage.atomic import append_durably

_Row = TypeVar("_Row")


def append_rows(path: Path, *rows: object) -> None:
    """Append a line for each row in one write; raises OSError if that fails."""
    append_durably(path, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))


def read_rows(
    path: Path, decode: Callable[[bytes], _Row], error: Callable[[str], Exception]
) -> list[_Row]:
    """Return all rows of a file, or none if the file does not exist.

    `decode` raises DecodeError for a damaged line. If the file or a line cannot be read, `error` is
    raised with one sentence, which contains the number of the line.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as reason:
        raise error(f"{path} cannot be read: {reason.strerror}.") from reason
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(decode(line))
        except DecodeError as reason:
            raise error(f"{path}, line {number} is damaged: {reason}.") from reason
    return rows
