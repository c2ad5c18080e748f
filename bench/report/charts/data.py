"""The data of the charts of one row of the comparison: short tables of plain numbers."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.headline import VAL_ACCURACY
from bench.report.render.format import Row, RowKey, frames_by_row, row_key, table_rows
from bench.report.render.headline import other_headline
from bench.report.render.ratios import sessions_note
from bench.report.tables.build import Tables
from bench.report.tables.comparison import RECORD_KEY, launch_intervals
from bench.stats.median_ci import Interval

Series = dict[str, list[dict[str, Any]]]
_T = TypeVar("_T")

#: Above these limits a chart shows evenly spaced epochs, and evenly spaced ranks of epoch times.
MOST_EPOCHS: Final = 200
MOST_POINTS: Final = 500

#: The parts of a stacked bar, each with its columns of cells.csv.
PHASE_PARTS: Final = {
    "start and imports": ("interpreter_seconds", "harness_seconds", "import_seconds"),
    "data and model": ("data_open_seconds", "build_seconds", "setup_seconds"),
    "first step": ("first_step_seconds",),
    "other steps": ("steps_seconds",),
    "validation": ("validation_seconds_total",),
    "ends": ("tail_seconds", "exit_seconds"),
    "unattributed": ("unattributed_seconds",),
}
_METRICS: Final = {
    "training": {"loss": "loss", "accuracy": "accuracy"},
    "validation": {"loss": "val_loss", "accuracy": "val_accuracy"},
}
_HEADLINE: Final = {"training": "train_headline", "validation": "headline"}


class Drawn(NamedTuple):
    """The series of one row by name, and notes on the data that they leave out."""

    series: Series
    notes: list[str]


def chart_data(tables: Tables, rows: Sequence[Row]) -> list[Drawn]:
    """Return the series of each of `rows` of the comparison, with `ok` backends only."""
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
    """Return the ratios between backends of the newest race, by row of the comparison."""
    newest: dict[RowKey, list[Row]] = {}
    for ratio in ratios:  # in the order of their runs
        if ratio["kind"] == "backends":
            of_race = newest.setdefault(row_key(ratio), [])
            if of_race and of_race[0]["run_id"] != ratio["run_id"]:
                of_race.clear()
            of_race.append(ratio)
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
        notes.append(f"The chart shows {MOST_POINTS} evenly spaced ranks of up to {most:,} times.")
    series = {
        "curves": _curves(shown, _metrics_of(row)),
        "elapsed": _elapsed(epochs, set(shown["epoch"]), "val_accuracy"),
        "elapsed_headline": _elapsed(epochs, set(shown["epoch"]), "headline")
        if row["headline_metric"] not in (None, VAL_ACCURACY)
        else [],
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


def _metrics_of(row: Row) -> Mapping[str, Mapping[str, str]]:
    """Return the curves' fields by part of the training, each with its column of epochs.csv."""
    if other_headline(row) is None:
        return _METRICS
    return {part: {**columns, "headline": _HEADLINE[part]} for part, columns in _METRICS.items()}


def _curves(epochs: pd.DataFrame, metrics: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the median, minimum and maximum over the records, by backend, part and epoch."""
    lines: list[dict[str, Any]] = []
    for part, columns in metrics.items():
        groups = epochs.groupby(["backend", "epoch"])[list(columns.values())]
        table = groups.agg(["median", "min", "max"])
        table.columns = pd.Index(
            [f"{name}{end}" for name in columns for end in ("", "_low", "_high")]
        )
        lines += map(dict, table_rows(table.reset_index().assign(part=part)))
    return lines


def _elapsed(epochs: pd.DataFrame, shown: set[int], metric: str) -> list[dict[str, Any]]:
    """Return the training seconds and a metric at the end of each epoch, by backend.

    Both are medians over the records. The seconds include the warm-up, but not validation.
    """
    ordered = epochs.sort_values("epoch", kind="stable")
    seconds = ordered.groupby(["backend", *RECORD_KEY])["train_seconds"].cumsum()
    groups = ordered.assign(seconds=seconds).groupby(["backend", "epoch"])
    medians = groups[["seconds", metric]].median().dropna().reset_index()
    return [dict(line) for line in table_rows(medians[medians["epoch"].isin(shown)])]


def _points(steady: pd.DataFrame, backend: str) -> list[dict[str, Any]]:
    times = steady[steady["backend"] == backend].sort_values("train_seconds", kind="stable")
    names = {"train_seconds": "seconds", "epoch": "epoch", "repetition": "repetition"}
    lines = table_rows(times[list(names)].rename(columns=names).assign(backend=backend))
    return [dict(line) for line in _thinned(lines, MOST_POINTS)]


def _medians(
    row: Row, ok: Sequence[str], intervals: Mapping[tuple[RowKey, str], Interval]
) -> list[dict[str, Any]]:
    lines = []
    for backend in ok:
        seconds = row[f"{backend}_epoch_seconds_median"]
        interval = intervals.get((row_key(row), backend))
        if seconds is not None:
            # Without an interval the bar has length 0, because Vega warns about missing ends.
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
    """Yield the sum of the medians of a part's phases, by backend, over records with phases."""
    known = cells[cells["unattributed_seconds"].notna()]
    for backend in BACKENDS:
        of_backend = known[known["backend"] == backend]
        for order, (part, columns) in enumerate(PHASE_PARTS.items()):
            seconds = of_backend[list(columns)].median().dropna().sum()
            if len(of_backend):
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
    """Return at most `most` evenly spaced values, including the first and the last."""
    if len(values) <= most:
        return list(values)
    return [values[round(n * (len(values) - 1) / (most - 1))] for n in range(most)]


def _plain(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the lines in JSON types, with None for infinite numbers and NaN."""
    return [{name: _json(value) for name, value in line.items()} for line in lines]


def _json(value: Any) -> Any:
    bare = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(bare, float) and not isfinite(bare) else bare
