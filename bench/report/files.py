"""Files of a report, each written whole or not at all."""

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pandas as pd

from bench.report.text import csv_text

_ROWS_AT_ONCE: Final = 50_000


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield where to write instead of `path`, and move it there at the end; nothing stays of it.

    OSError when it cannot be moved.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8; OSError when that is impossible."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as CSV, every text in it harmless; OSError when that is impossible.

    It goes to the disk in parts, so that a table of a million rows never is one text in memory.
    """
    # Most texts stand in many rows, as those of a record in each of its epochs.
    harmless: dict[str, str] = {}
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(frame.columns)
        for begin in range(0, len(frame), _ROWS_AT_ONCE):
            part = frame.iloc[begin : begin + _ROWS_AT_ONCE]
            columns = [_csv_values(part[name], harmless) for name in part.columns]
            writer.writerows(zip(*columns, strict=True))


def _csv_values(column: "pd.Series[Any]", harmless: dict[str, str]) -> list[object]:
    """Return what the CSV writer gets: None where a value is missing, numbers as numbers."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = None
    found: list[object] = values.tolist()
    if column.dtype not in ("string", "object"):
        return found
    for text in {value for value in found if isinstance(value, str)} - harmless.keys():
        harmless[text] = csv_text(text)
    return [harmless[value] if isinstance(value, str) else value for value in found]
