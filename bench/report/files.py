"""Writers of a report's files; each file is written atomically."""

import csv
import io
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pandas as pd

from bench.core.atomic_file import replacing
from bench.core.text import BenchError, escape_csv

_ROWS_AT_ONCE: Final = 50_000


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8; raise OSError if that is impossible."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as CSV, with all texts escaped; raise OSError if that is impossible.

    The table is written in parts, so that a million rows are never one text in memory.
    """
    # Most texts occur in many rows, such as a record's texts in each of its epochs. Each distinct
    # text is encoded once, so this is several times as fast as `csv.writer` row by row.
    fields: dict[str, str] = {}
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(_fields(pd.Series(list(frame.columns), dtype="string"), fields)) + "\n")
        for begin in range(0, len(frame), _ROWS_AT_ONCE):
            part = frame.iloc[begin : begin + _ROWS_AT_ONCE]
            columns = [_fields(part[name], fields) for name in part.columns]
            file.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))


def _fields(column: "pd.Series[Any]", known: dict[str, str]) -> list[str]:
    """Return the column's fields as written to the file, empty for missing values."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = ""
    texts: list[str] = [str(value) for value in values.tolist()]
    if column.dtype not in ("string", "object"):
        return texts
    for text in set(texts) - known.keys():
        known[text] = _field(text)
    return [known[text] for text in texts]


def _field(text: str) -> str:
    """Return the text escaped, and quoted if CSV requires it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([escape_csv(text), ""])
    return line.getvalue().removesuffix(",\n")


class ParquetError(BenchError):
    """Parquet was requested, but pyarrow is not installed."""


def check_parquet() -> None:
    """Raise ParquetError if Parquet cannot be written in this environment.

    The environments of the backends deliberately lack pyarrow, because pandas 3.1 imports it if it
    is installed, and Keras imports pandas. That would add about 0.1 s, 40 MB and a thread to each
    worker.
    """
    if find_spec("pyarrow") is None:
        raise ParquetError(
            "Parquet needs pyarrow, which must not be installed in the environments of the "
            "backends; use `tox -e parquet`."
        )


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as Parquet, with columns of mixed types as text; raise OSError on failure."""
    mixed = frame.select_dtypes(include=["object"])
    texts = {str(name): mixed[name].map(str, na_action="ignore").astype("string") for name in mixed}
    with replacing(path) as temporary:
        frame.assign(**texts).to_parquet(temporary, engine="pyarrow", index=False)
