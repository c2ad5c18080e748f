"""The verdicts of stored seeds as files and as tables."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.text import sanitize_line
from bench.regression.accuracy.screening import Screening
from bench.regression.accuracy.verdict import AccuracyVerdict
from bench.report.files import write_csv

_STYLES = {"regressed": "red", "invalid": "red", "suspect": "red", "pass": "green"}


def accuracy_frame(verdicts: Sequence[AccuracyVerdict]) -> pd.DataFrame:
    """Return a row per cell, whose name is that of its seed 0."""
    rows = []
    for found in verdicts:
        row = msgspec.structs.asdict(found)
        row["baseline_seeds"], row["candidate_seeds"] = row.pop("seeds")
        rows.append(row)
    return pd.DataFrame(rows)


def accuracy_table(verdicts: Sequence[AccuracyVerdict]) -> Table:
    """Return a row per cell for a terminal, differences in points (1 point is 0.01)."""
    head = ("cell", "accuracy", "seeds", "points", "spread", "seeds needed")
    table = Table(*head, title="Candidate against baseline", title_justify="left", box=None)
    for found in verdicts:
        points = spread = "–"
        if found.difference is not None and found.low is not None and found.high is not None:
            low, high = 100 * found.low, 100 * found.high
            points = f"{100 * found.difference:+.2f} [{low:+.2f}, {high:+.2f}]"
            spread = f"{100 * (found.spread or 0):.2f}"
        needed = "–" if found.seeds_needed is None else str(found.seeds_needed)
        seeds = f"{found.seeds[0]}, {found.seeds[1]}"
        cells = (found.name, found.verdict, seeds, points, spread, needed)
        table.add_row(
            *(Text(sanitize_line(c)) for c in cells), style=_STYLES.get(found.verdict, "")
        )
    return table


def screening_table(found: Sequence[Screening]) -> Table:
    """Return a row per cell for a terminal."""
    head = ("cell", "screening", "launches", "seconds")
    title = "Candidate against a stored baseline"
    table = Table(*head, title=title, title_justify="left", box=None)
    for each in found:
        ratio = "–" if each.ratio is None else f"{each.ratio - 1:+.1%}"
        cells = (each.name, each.verdict, f"{each.launches[0]}, {each.launches[1]}", ratio)
        table.add_row(*(Text(sanitize_line(c)) for c in cells), style=_STYLES.get(each.verdict, ""))
    return table


def screening_frame(found: Sequence[Screening]) -> pd.DataFrame:
    """Return a row per cell."""
    rows = []
    for each in found:
        row = msgspec.structs.asdict(each)
        row["baseline_launches"], row["candidate_launches"] = row.pop("launches")
        rows.append(row)
    return pd.DataFrame(rows)


def write_frame(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write the table as NAME.csv; OSError when that is impossible."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    write_csv(path, frame)
    return path
