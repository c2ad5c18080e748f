"""Files of a report, each written whole or not at all."""

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
    """Write `text` as UTF-8; OSError when that is impossible."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as CSV, every text in it harmless; OSError when that is impossible.

    It goes to the disk in parts, so that a table of a million rows never is one text in memory.
    """
    # Most texts stand in many rows, as those of a record in each of its epochs: each becomes a
    # field once, which is what makes this several times as fast as `csv.writer` row by row.
    fields: dict[str, str] = {}
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(",".join(_fields(pd.Series(list(frame.columns), dtype="string"), fields)) + "\n")
        for begin in range(0, len(frame), _ROWS_AT_ONCE):
            part = frame.iloc[begin : begin + _ROWS_AT_ONCE]
            columns = [_fields(part[name], fields) for name in part.columns]
            file.writelines(f"{','.join(row)}\n" for row in zip(*columns, strict=True))


def _fields(column: "pd.Series[Any]", known: dict[str, str]) -> list[str]:
    """Return the column's fields as they stand in the file, empty where a value is missing."""
    values = column.to_numpy(dtype=object, copy=True)
    values[column.isna().to_numpy()] = ""
    texts: list[str] = [str(value) for value in values.tolist()]
    if column.dtype not in ("string", "object"):
        return texts
    for text in set(texts) - known.keys():
        known[text] = _field(text)
    return [known[text] for text in texts]


def _field(text: str) -> str:
    """Return the text harmless, and in quotes where CSV needs them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([escape_csv(text), ""])
    return line.getvalue().removesuffix(",\n")


class ParquetError(BenchError):
    """Parquet is asked for and pyarrow is not installed."""


def check_parquet() -> None:
    """Raise ParquetError when Parquet cannot be written here.

    The environments of the backends lack pyarrow on purpose: pandas 3.1 imports it wherever it is
    installed, and Keras imports pandas. It would add about 0.1 s, 40 MB and a thread to a worker.
    """
    if find_spec("pyarrow") is None:
        raise ParquetError(
            "Parquet needs pyarrow, which the environments of the backends must not hold: "
            "use `tox -e parquet`."
        )


def write_parquet(path: Path, frame: pd.DataFrame) -> None:
    """Write the table as Parquet; columns of mixed types become text. OSError if it cannot."""
    mixed = frame.select_dtypes(include=["object"])
    texts = {str(name): mixed[name].map(str, na_action="ignore").astype("string") for name in mixed}
    with replacing(path) as temporary:
        frame.assign(**texts).to_parquet(temporary, engine="pyarrow", index=False)
