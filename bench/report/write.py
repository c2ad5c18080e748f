"""The report's files, written whole or not at all."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.record import Record
from bench.report.frames import cells_frame, comparison_frame, epochs_frame
from bench.report.markdown import comparison_markdown
from bench.report.text import csv_text


def write_report(folder: Path, records: Sequence[Record], *, title: str) -> Path:
    """Write epochs.csv, cells.csv, comparison.csv and comparison.md; return comparison.csv's path.

    The bytes depend on the records and the title alone. The folder is made when there is none;
    OSError when it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    comparison = folder / "comparison.csv"
    _replace(folder / "epochs.csv", _csv(epochs_frame(records)))
    _replace(folder / "cells.csv", _csv(cells_frame(records)))
    _replace(comparison, _csv(comparison_frame(records)))
    _replace(folder / "comparison.md", comparison_markdown(records, title))
    return comparison


def _csv(frame: pd.DataFrame) -> str:
    texts = frame.select_dtypes(include=["string", "object"])
    harmless = texts.map(lambda value: csv_text(value) if isinstance(value, str) else value)
    return frame.assign(**{str(name): harmless[name] for name in harmless}).to_csv(
        index=False, lineterminator="\n"
    )


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
