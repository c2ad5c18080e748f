"""comparison.csv: the backends side by side, one row per set of comparable cells."""

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

from bench.core.cell import BACKENDS
from bench.core.record import Record
from bench.report.render.format import RowKey, key_of_group
from bench.report.tables.cells import cells_frame
from bench.report.tables.columns import (
    ROW_COLUMNS,
    ROW_KEY,
    ROW_ORDER,
    Column,
    disagreements,
    names,
    typed,
)
from bench.report.tables.epochs import epochs_frame
from bench.report.tables.headlines import headline_columns, with_one_headline
from bench.report.tables.metrics import FLOPS_PER_MAC
from bench.report.tables.phase_rows import add_absent_phases, in_launch_order
from bench.report.tables.ratios import race_drifts
from bench.stats.median_ci import Interval, median_confidence_interval
from bench.stats.stability import CONFIDENCE, is_steady

_BACKEND: Final = (
    Column(
        "status",
        "string",
        "`ok`, `unsupported`, `failed`, `missing` (no record), `mixed` (several digests) or "
        "`no phase` (its launches have other phases)",
    ),
    Column("reason", "string", "why a record failed, records are not pooled, or a phase is absent"),
    Column("records", "Int64", "ok records"),
    Column("failed_records", "Int64", "records that are not ok"),
    Column("version", "string", "version of the backend"),
    Column("epoch_seconds_median", "Float64", "median train_seconds, steady epochs of all records"),
    Column("epoch_seconds_min", "Float64", "smallest train_seconds of the steady epochs"),
    Column("epoch_seconds_max", "Float64", "largest train_seconds of the steady epochs"),
    Column("epoch_seconds_n", "Int64", "number of steady epochs; empty if there is none"),
    Column("phase_seconds_median", "Float64", "median over the records"),
    Column("fit_seconds_total_median", "Float64", "median over the records"),
    Column("images_per_second", "Float64", "training images / epoch_seconds_median"),
    Column("first_step_seconds", "Float64", "median over the records"),
    Column("final_loss", "Float64", "median over the records"),
    Column("final_accuracy", "Float64", "median over the records"),
    Column("final_val_loss", "Float64", "median over the records"),
    Column("final_val_accuracy", "Float64", "median over the records"),
    Column("best_val_accuracy", "Float64", "median over the records of their best_val_accuracy"),
    Column("final_val_perplexity", "Float64", "median over the records"),
    Column("final_headline", "Float64", "median over the records of headline_metric at the end"),
    Column("best_headline", "Float64", "median over the records of their best_headline"),
    Column("latency_p50_seconds", "Float64", "median over the records"),
    Column("latency_p95_seconds", "Float64", "median over the records"),
    Column("latency_p99_seconds", "Float64", "median over the records"),
    Column(
        "achieved_gflops",
        "Float64",
        "2 * forward_macs * images_per_second / 1e9; 3 times that for `fit`",
    ),
    Column("gemm_peak_fraction", "Float64", "achieved_gflops / gemm_peak_gflops; empty on a GPU"),
    Column("peak_memory_bytes", "Int64", "largest over the records"),
    Column("memory_over_baseline_bytes", "Int64", "largest over the records"),
    Column("device_peak_memory_bytes", "Int64", "largest over the records"),
)
#: The names of a backend's column group, without `BACKEND_`.
BACKEND_GROUP: Final = tuple(names(_BACKEND))

COMPARISON_COLUMNS: Final = (
    *ROW_COLUMNS,
    Column("dataset_official", "boolean", "False: a local copy that was not verified"),
    Column("timing", "string", "`interleaved`: all in one race; else `not interleaved`"),
    Column("mismatched", "string", "fields in which the backends differ although they must agree"),
    Column(
        "compared",
        "string",
        "`epoch`, or `phase` for a phase of which phase_seconds are compared; see `cells.csv`",
    ),
    Column("phase_line", "Int64", "line of the phase's call in the user's file"),
    Column("phase_calls", "Int64", "calls from that line"),
    Column(
        "fastest_backend",
        "string",
        "backend with the lowest median; empty with fewer than two, if mismatched or if unstable",
    ),
    Column(
        "headline_metric",
        "string",
        "the log by which the row is judged; empty if its records name several, or none",
    ),
    Column("headline_mode", "string", "its better direction: `max` or `min`"),
    Column("headline_reason", "string", "why there is no headline value, or none for a backend"),
    Column("forward_macs", "Int64", "multiply-accumulates of one image's forward pass"),
    Column(
        "uncounted_layers",
        "string",
        "layers whose work cannot be counted; if there are any, forward_macs is empty",
    ),
    Column(
        "gemm_peak_gflops", "Float64", "highest calibration rate of the row's records, on the CPU"
    ),
    Column(
        "stochastic_layers",
        "string",
        "layers whose random masks differ between backends in every lane",
    ),
    *(
        Column(f"{backend}_{column.name}", column.dtype, column.meaning)
        for backend in BACKENDS
        for column in _BACKEND
    ),
)

_GROUP: Final = ["row", "backend"]
#: The columns of epochs.csv that are needed; the table may be large.
_OF_AN_EPOCH: Final = ("instrumented", "warmup", "train_seconds")
_MIXED: Final = "records of different code, data or versions are not pooled: report them separately"
_MEDIANS: Final = (
    *("phase_seconds", "first_step_seconds", "final_loss", "final_accuracy", "final_val_loss"),
    *("final_val_accuracy", "best_val_accuracy", "final_val_perplexity"),
    *("final_headline", "best_headline"),
    *("latency_p50_seconds", "latency_p95_seconds", "latency_p99_seconds"),
)
_LARGEST: Final = ("peak_memory_bytes", "memory_over_baseline_bytes", "device_peak_memory_bytes")
_OF_THE_ROW: Final = (
    *("forward_macs", "uncounted_layers", "stochastic_layers"),
    *("phase_line", "phase_calls"),
)


def comparison_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Return one row per ROW_KEY, with a column group for each backend, present or not.

    Backends that differ in dataset bytes, Keras version or machine are in different rows. If the ok
    records of a row disagree in a field of MUST_AGREE, the row names the field in `mismatched` and
    has no fastest backend. A backend whose records have several digests is `mixed` and has no
    metrics. Instrumented records are left out.
    """
    return comparison_of(cells_frame(records), epochs_frame(records))


def comparison_of(cells: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Return `comparison_frame`, from the tables `cells` and `epochs` of the records."""
    cells, epochs = _numbered(cells), _numbered(epochs)[[*_GROUP, *_OF_AN_EPOCH]]
    plain, plain_epochs = cells[~cells["instrumented"]], epochs[~epochs["instrumented"]]
    by_row = plain.groupby("row")
    headlines = headline_columns(plain)
    groups = _backend_groups(with_one_headline(plain, headlines), plain_epochs)
    frame = by_row[list(ROW_KEY)].head(1).set_index(plain.drop_duplicates("row")["row"])
    frame = frame.join(by_row[list(_OF_THE_ROW)].first())
    frame["dataset_official"] = by_row["dataset_official"].all()
    frame["gemm_peak_gflops"] = by_row["gemm_peak_gflops"].max()
    frame = frame.join(headlines).join(_trust(cells))
    frame["compared"] = _compared(plain)
    fastest = _fastest(groups, frame["compared"])
    frame["fastest_backend"] = fastest[frame["mismatched"].isna() & frame["steady"]]
    _add_peak_fractions(groups, frame)
    frame = in_launch_order(frame.join(_side_by_side(groups)), plain)
    add_absent_phases(frame, plain)
    return _complete(frame.reindex(columns=names(COMPARISON_COLUMNS)))


def _numbered(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `row`, the number of the comparison's row, equal in all tables of one set of records."""
    return frame.assign(row=frame.groupby(list(ROW_ORDER), dropna=False).ngroup())


def _complete(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the typed rows, numbered from 0; a backend without records is marked `missing`."""
    missing: dict[str, str | int] = {f"{backend}_status": "missing" for backend in BACKENDS}
    for backend in BACKENDS:
        missing |= {f"{backend}_records": 0, f"{backend}_failed_records": 0}
    return typed(frame.fillna(missing).reset_index(drop=True), COMPARISON_COLUMNS)


def _backend_groups(cells: pd.DataFrame, epochs: pd.DataFrame) -> pd.DataFrame:
    """Return BACKEND_GROUP by (row, backend); failed records do not contribute to a metric."""
    steady = epochs[epochs["warmup"].eq(False).fillna(False)].groupby(_GROUP)["train_seconds"]
    seconds = steady.agg(["median", "min", "max", "count"]).rename(columns={"count": "n"})
    by_group = cells.assign(ok=cells["status"].eq("ok")).groupby(_GROUP)
    metrics = by_group[list(_MEDIANS)].median().join(by_group[list(_LARGEST)].max())
    metrics = metrics.join(seconds.add_prefix("epoch_seconds_"))
    metrics = metrics.rename(columns={"phase_seconds": "phase_seconds_median"})
    metrics["fit_seconds_total_median"] = by_group["fit_seconds_total"].median()
    images = by_group["train_images"].first() / metrics["epoch_seconds_median"]
    metrics["images_per_second"] = images
    flops = by_group["task"].first().map(FLOPS_PER_MAC).astype("Float64")
    flops_per_image = flops * by_group["forward_macs"].first()
    metrics["achieved_gflops"] = flops_per_image * images / 1e9
    metrics["version"] = by_group["backend_version"].first()
    records = by_group["ok"].sum().astype("Int64")
    mixed = by_group["digest"].nunique().gt(1) & records.gt(0)
    metrics.loc[mixed] = pd.NA
    return metrics.assign(
        records=records,
        failed_records=by_group.size() - records,
        reason=by_group["reason"].first().mask(mixed, _MIXED),
        status=_status(by_group["status"].agg(set)).mask(mixed, "mixed"),
    )


def _status(statuses: "pd.Series[Any]") -> "pd.Series[str]":
    """Return `ok` if any record is ok, `unsupported` if all are, else `failed`."""
    return statuses.map(
        lambda each: "ok" if "ok" in each else min(each, key=("failed", "unsupported").index)
    )


def _side_by_side(groups: pd.DataFrame) -> pd.DataFrame:
    """Return the groups by row, with columns `BACKEND_METRIC` for the backends with records."""
    parts = [
        groups.loc[groups.index.get_level_values("backend") == backend, list(BACKEND_GROUP)]
        .droplevel("backend")
        .add_prefix(f"{backend}_")
        for backend in BACKENDS
    ]
    return pd.concat(parts, axis=1)


def _add_peak_fractions(groups: pd.DataFrame, rows: pd.DataFrame) -> None:
    """Add `gemm_peak_fraction` to the groups; on a GPU it is empty, as the peak is the CPU's."""
    peaks = rows["gemm_peak_gflops"].where(rows["device"].eq("cpu"))
    groups["gemm_peak_fraction"] = groups["achieved_gflops"].div(peaks, level="row")


def _trust(cells: pd.DataFrame) -> pd.DataFrame:
    """Return `timing` and `mismatched` by row, and whether the machine was `steady` in its race.

    All launches of a race were calibrated, so the instrumented ones count here too.
    """
    facts = {}
    for row, launches in cells.groupby("row"):
        ok = launches[launches["status"].eq("ok") & ~launches["instrumented"]]
        interleaved = len(ok) > 0 and ok["race_round"].notna().all() and ok["run_id"].nunique() == 1
        race = launches[launches["run_id"].isin(ok["run_id"])]
        facts[row] = {
            "timing": "interleaved" if interleaved else "not interleaved",
            "mismatched": ", ".join(disagreements(ok)) or None,
            "steady": not interleaved or is_steady(list(race_drifts(race).values())),
        }
    return pd.DataFrame.from_dict(facts, orient="index", columns=["timing", "mismatched", "steady"])


def _compared(cells: pd.DataFrame) -> "pd.Series[str]":
    """Return `compared` by row: `phase` if that is all that one of its records has."""
    is_phase = cells["compared"].eq("phase").groupby(cells["row"]).any()
    return is_phase.map({True: "phase", False: "epoch"}).astype("string")


def _fastest(groups: pd.DataFrame, compared: "pd.Series[str]") -> "pd.Series[str]":
    """Return the backend with the lowest median by row, for rows with at least two backends."""
    by_phase = groups.index.get_level_values("row").map(compared.to_dict()) == "phase"
    seconds = groups["epoch_seconds_median"].mask(by_phase, groups["phase_seconds_median"])
    medians = (
        seconds.rename("epoch_seconds_median").dropna().sort_values(kind="stable").reset_index()
    )
    several = medians[medians.duplicated("row", keep=False)]
    return several.drop_duplicates("row").set_index("row")["backend"]


#: The columns that distinguish the records of one backend in a row of the comparison.
RECORD_KEY: Final = ("run_id", "digest", "repetition")


def launch_intervals(epochs: pd.DataFrame) -> dict[tuple[RowKey, str], Interval]:
    """Return the interval of the launches' median epochs, by row of the comparison and backend.

    `epochs` is the table of epochs.csv. The epochs of one process are not independent, so each
    launch counts as one value. A backend with too few launches (under 6 at 95%) has no interval.
    """
    steady = epochs[epochs["warmup"].eq(False).fillna(False) & ~epochs["instrumented"]]
    launches = steady.groupby([*ROW_KEY, "backend", *RECORD_KEY], dropna=False)["train_seconds"]
    medians = launches.median().groupby([*ROW_KEY, "backend"], dropna=False)
    intervals = {
        (key_of_group(key[:-1]), str(key[-1])): median_confidence_interval(
            seconds.tolist(), CONFIDENCE
        )
        for key, seconds in medians
    }
    return {key: interval for key, interval in intervals.items() if interval is not None}
