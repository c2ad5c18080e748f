"""The files of a comparison of two runs."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.compare.markdown import compare_markdown
from bench.compare.page import compare_page
from bench.report.display import Row
from bench.report.files import write_csv, write_text


def write_comparison(
    folder: Path, frame: pd.DataFrame, rows: Sequence[Row], a: str, b: str
) -> Path:
    """Write compare.csv, compare.md and compare.html; return the first one's path.

    The folder is made when there is none; OSError when it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "compare.csv", frame)
    write_text(folder / "compare.md", compare_markdown(rows, a, b))
    write_text(folder / "compare.html", compare_page(rows, a, b))
    return folder / "compare.csv"
