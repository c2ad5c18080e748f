"""What the figures of one row of the comparison are drawn from: short tables of plain numbers."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from bench.core.cell import BACKENDS
from bench.report.render.format import (
    Row,
    RowKey,
    frames_by_row,
    row_key,
    sessions_note,
    table_rows,
)
from bench.report.tables.build import Tables
from bench.report.tables.comparison import RECORD_KEY, launch_intervals
from bench.stats.median_ci import Interval

Series = dict[str, list[dict[str, Any]]]
_T = TypeVar("_T")

#: Above these a figure shows evenly spaced epochs, and order statistics of the epochs' times.
MOST_EPOCHS: Final = 200
MOST_POINTS: Final = 500

#: The phases that a stacked bar tells apart, each with its columns of cells.csv.
PHASE_PARTS: Final = {
    "start and imports": ("interpreter_seconds", "harness_seconds", "import_seconds"),
    "data and model": ("data_open_seconds", "build_seconds", "setup_seconds"),
    "first step": ("first_step_seconds",),
    "other steps": ("steps_seconds",),
    "validation": ("validation_seconds_total",),
    "ends": ("tail_seconds", "exit_seconds"),
    "unattributed": ("unattributed_seconds",),
}
_METRICS: Final = {"training": ("loss", "accuracy"), "validation": ("val_loss", "val_accuracy")}


class Drawn(NamedTuple):
    """The series of one row by name, and sentences on what they leave out."""

    series: Series
    notes: list[str]


def chart_data(tables: Tables, rows: Sequence[Row]) -> list[Drawn]:
    """Return what to draw for each of `rows` of the comparison; backends that are `ok` alone."""
    epochs, cells = (
        frames_by_row(frame[~frame["instrumented"]]) for frame in (tables.epochs, tables.cells)
    )
    intervals = launch_intervals(tables.epochs)
    ratios = newest_ratios(table_rows(tables.ratios))
    return [
        _drawn(row, epochs[key], cells[key], ratios.get(key, []), intervals)
        for row in rows
        for key in [row_key(row)]
    ]


def newest_ratios(ratios: Sequence[Row]) -> dict[RowKey, list[Row]]:
    """Return by row of the comparison the ratios between backends of its newest race."""
    newest: dict[RowKey, list[Row]] = {}
    for ratio in ratios:  # in the order of their runs
        if ratio["kind"] == "backends":
            own = newest.setdefault(row_key(ratio), [])
            if own and own[0]["run_id"] != ratio["run_id"]:
                own.clear()
            own.append(ratio)
    return newest


def _drawn(
    row: Row,
    epochs: pd.DataFrame,
    cells: pd.DataFrame,
    ratios: Sequence[Row],
    intervals: Mapping[tuple[RowKey, str], Interval],
) -> Drawn:
    ok = [backend for backend in BACKENDS if row[f"{backend}_status"] == "ok"]
    epochs = epochs[epochs["backend"].isin(ok) & epochs["status"].eq("ok")]
    cells = cells[cells["backend"].isin(ok) & cells["status"].eq("ok")]
    steady = epochs[epochs["warmup"].eq(False).fillna(False)]
    numbers = sorted(set(epochs["epoch"].dropna().tolist()))
    shown = epochs[epochs["epoch"].isin(_thinned(numbers, MOST_EPOCHS))]
    most = int(steady["backend"].value_counts().max()) if len(steady) else 0
    notes = [text] if (text := sessions_note(ratios)) else []
    if len(numbers) > MOST_EPOCHS:
        notes.append(f"The curves show {MOST_EPOCHS} of {len(numbers):,} epochs, evenly spaced.")
    if most > MOST_POINTS:
        notes.append(f"Of up to {most:,} epoch times, {MOST_POINTS} evenly spaced ranks are shown.")
    series = {
        "curves": _curves(shown),
        "elapsed": _elapsed(epochs, set(shown["epoch"])),
        "points": [point for backend in ok for point in _points(steady, backend)],
        "medians": _medians(row, ok, intervals),
        "ratios": [_ratio(ratio) for ratio in ratios if ratio["status"] == "ok"],
        "phases": list(_phases(cells)),
        "memory": list(_memory(row, ok)),
        "work": _work(row, ok),
        "peak": [{"gflops": row["gemm_peak_gflops"]}]
        if row["gemm_peak_gflops"] is not None and row["device"] == "cpu"
        else [],
    }
    return Drawn({name: _plain(lines) for name, lines in series.items()}, notes)


def _curves(epochs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return by backend, part and epoch the median, smallest and largest over the records."""
    lines: list[dict[str, Any]] = []
    for part, metrics in _METRICS.items():
        found = epochs.groupby(["backend", "epoch"])[list(metrics)].agg(["median", "min", "max"])
        found.columns = pd.Index(
            [f"{name}{end}" for name in ("loss", "accuracy") for end in ("", "_low", "_high")]
        )
        lines += map(dict, table_rows(found.reset_index().assign(part=part)))
    return lines


def _elapsed(epochs: pd.DataFrame, shown: set[int]) -> list[dict[str, Any]]:
    """Return by backend and epoch the training seconds up to its end, and the val_accuracy there.

    Medians over the records; the warm-up counts, validation does not.
    """
    ordered = epochs.sort_values("epoch", kind="stable")
    seconds = ordered.groupby(["backend", *RECORD_KEY])["train_seconds"].cumsum()
    found = ordered.assign(seconds=seconds).groupby(["backend", "epoch"])
    medians = found[["seconds", "val_accuracy"]].median().dropna().reset_index()
    return [dict(line) for line in table_rows(medians[medians["epoch"].isin(shown)])]


def _points(steady: pd.DataFrame, backend: str) -> list[dict[str, Any]]:
    own = steady[steady["backend"] == backend].sort_values("train_seconds", kind="stable")
    names = {"train_seconds": "seconds", "epoch": "epoch", "repetition": "repetition"}
    lines = table_rows(own[list(names)].rename(columns=names).assign(backend=backend))
    return [dict(line) for line in _thinned(lines, MOST_POINTS)]


def _medians(
    row: Row, ok: Sequence[str], intervals: Mapping[tuple[RowKey, str], Interval]
) -> list[dict[str, Any]]:
    lines = []
    for backend in ok:
        seconds = row[f"{backend}_epoch_seconds_median"]
        interval = intervals.get((row_key(row), backend))
        if seconds is not None:
            # A bar of no length where there is no interval: Vega warns of one without ends.
            low, high = (interval.low, interval.high) if interval else (seconds, seconds)
            text = f"{low:.3f} to {high:.3f}" if interval else "none: too few launches"
            ends = {"low": low, "high": high, "interval": text}
            n = row[f"{backend}_epoch_seconds_n"]
            lines.append({"backend": backend, "median": seconds, "n": n, **ends})
    return lines


def _ratio(ratio: Row) -> dict[str, Any]:
    pair = f"{ratio['numerator']} / {ratio['denominator']}"
    return {
        "name": f"{pair}, {ratio['quantity']}",
        "pair": pair,
        "quantity": ratio["quantity"],
        "ratio": ratio["ratio"],
        "low": ratio["ratio_low"],
        "high": ratio["ratio_high"],
        "rounds": ratio["rounds"],
    }


def _phases(cells: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield by backend and part the sum of its phases' medians over the records that know them."""
    known = cells[cells["unattributed_seconds"].notna()]
    for backend in BACKENDS:
        own = known[known["backend"] == backend]
        for order, (part, columns) in enumerate(PHASE_PARTS.items()):
            seconds = own[list(columns)].median().dropna().sum()
            if len(own):
                place = {"backend": backend, "part": part, "order": order}
                yield {**place, "seconds": float(seconds)}


def _memory(row: Row, ok: Sequence[str]) -> Iterator[dict[str, Any]]:
    for backend in ok:
        peak, over = (row[f"{backend}_{n}_bytes"] for n in ("peak_memory", "memory_over_baseline"))
        parts = {"at the peak": peak}
        if over is not None:
            parts = {"before training": peak - over, "added by training": over}
        for order, (part, size) in enumerate(parts.items()):
            if size is not None:
                yield {"backend": backend, "part": part, "order": order, "megabytes": size / 1e6}


def _work(row: Row, ok: Sequence[str]) -> list[dict[str, Any]]:
    rates = {backend: row[f"{backend}_achieved_gflops"] for backend in ok}
    return [{"backend": b, "gflops": rate} for b, rate in rates.items() if rate is not None]


def _thinned(values: Sequence[_T], most: int) -> list[_T]:
    """Return at most `most` of the values, evenly spaced, the first and the last among them."""
    if len(values) <= most:
        return list(values)
    return [values[round(n * (len(values) - 1) / (most - 1))] for n in range(most)]


def _plain(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines in JSON's own types; what is no finite number is None."""
    return [{name: _json(value) for name, value in line.items()} for line in lines]


def _json(value: Any) -> Any:
    bare = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(bare, float) and not isfinite(bare) else bare
