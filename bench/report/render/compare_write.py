"""The files of a comparison of two runs."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from bench.report.files import write_csv, write_text
from bench.report.render.compare_markdown import compare_markdown
from bench.report.render.compare_page import compare_page
from bench.report.render.format import Row


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
