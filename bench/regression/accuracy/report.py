"""The verdicts of stored seeds as files and as tables."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.headline import VAL_ACCURACY, Unit
from bench.core.text import sanitize_line
from bench.regression.accuracy.screening import Screening
from bench.regression.accuracy.verdict import AccuracyVerdict
from bench.report.files import write_csv

_STYLES = {"regressed": "red", "invalid": "red", "suspect": "red", "pass": "green"}


def accuracy_frame(verdicts: Sequence[AccuracyVerdict]) -> pd.DataFrame:
    """Return a row per cell, named by the id of its seed 0."""
    rows = []
    for verdict in verdicts:
        row = msgspec.structs.asdict(verdict)
        row["baseline_seeds"], row["candidate_seeds"] = row.pop("seeds")
        rows.append(row)
    return pd.DataFrame(rows)


def accuracy_table(verdicts: Sequence[AccuracyVerdict]) -> Table:
    """Return a row per cell for a terminal.

    Differences are in points of 0.01. For a metric that is no fraction they are in its own unit.
    """
    accuracy = all(verdict.metric == VAL_ACCURACY for verdict in verdicts)
    points = all(verdict.unit == "points" for verdict in verdicts)
    title, values = "accuracy" if accuracy else "verdict", "points" if points else "difference"
    head = ("cell", title, "seeds", values, "spread", "seeds needed")
    table = Table(*head, title="Candidate against baseline", title_justify="left", box=None)
    for verdict in verdicts:
        difference = spread = "–"
        if verdict.difference is not None and verdict.low is not None and verdict.high is not None:
            ends = (verdict.difference, verdict.low, verdict.high)
            difference = difference_text(*ends, unit=verdict.unit)
            spread = spread_text(verdict.spread or 0, unit=verdict.unit)
            if not accuracy:
                difference = f"{verdict.metric} {difference}"
        needed = "–" if verdict.seeds_needed is None else str(verdict.seeds_needed)
        seeds = f"{verdict.seeds[0]}, {verdict.seeds[1]}"
        cells = (verdict.name, verdict.verdict, seeds, difference, spread, needed)
        table.add_row(
            *(Text(sanitize_line(c)) for c in cells), style=_STYLES.get(verdict.verdict, "")
        )
    return table


def difference_text(difference: float, low: float, high: float, *, unit: Unit) -> str:
    """Return a difference and its interval, in points or in the metric's own unit."""
    if unit == "points":
        return f"{100 * difference:+.2f} [{100 * low:+.2f}, {100 * high:+.2f}]"
    return f"{difference:+.4g} [{low:+.4g}, {high:+.4g}]"


def spread_text(spread: float, *, unit: Unit) -> str:
    """Return a standard deviation, in points or in the metric's own unit."""
    return f"{100 * spread:.2f}" if unit == "points" else f"{spread:.3g}"


def screening_table(screenings: Sequence[Screening]) -> Table:
    """Return a row per cell for a terminal."""
    head = ("cell", "screening", "launches", "seconds")
    title = "Candidate against a stored baseline"
    table = Table(*head, title=title, title_justify="left", box=None)
    for screening in screenings:
        ratio = "–" if screening.ratio is None else f"{screening.ratio - 1:+.1%}"
        cells = (
            screening.name,
            screening.verdict,
            f"{screening.launches[0]}, {screening.launches[1]}",
            ratio,
        )
        table.add_row(
            *(Text(sanitize_line(c)) for c in cells), style=_STYLES.get(screening.verdict, "")
        )
    return table


def screening_frame(screenings: Sequence[Screening]) -> pd.DataFrame:
    """Return a row per cell."""
    rows = []
    for screening in screenings:
        row = msgspec.structs.asdict(screening)
        row["baseline_launches"], row["candidate_launches"] = row.pop("launches")
        rows.append(row)
    return pd.DataFrame(rows)


def write_frame(folder: Path, name: str, frame: pd.DataFrame) -> Path:
    """Write the table to NAME.csv in `folder`; OSError if it cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.csv"
    write_csv(path, frame)
    return path
