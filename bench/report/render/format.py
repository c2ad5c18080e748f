"""The text of a report's rows, the same in Markdown, on the page and on a terminal."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from bench.core.cell import BACKENDS, OWN_DATA
from bench.core.text import sanitize_line
from bench.report.render.headline import headline_text, other_headline
from bench.report.tables.columns import ROW_KEY
from bench.report.tables.metrics import LATENCY_PERCENTILES

Row = Mapping[str, Any]
RowKey = tuple[object, ...]

#: The explanation above `parity_lines`.
PARITY_NOTE: Final = (
    "Certified: every output, gradient, update and loss is as close to a float64 reference as "
    "float32 rounding allows. A certificate is valid only for the same source, versions, settings "
    "and machine."
)

_EPOCH_NOTE: Final = "Epoch seconds exclude validation and the first epoch."
_PHASE_NOTE: Final = (
    "A phase without a second epoch of fit is compared by the seconds of its complete calls."
)
_TIMING_NOTES: Final = {
    "interleaved": (
        "Interleaved: the launches of one race alternated in rounds, so that a slow drift of the "
        "machine affects all backends equally. A ratio is the median over the rounds, with its 95% "
        "interval."
    ),
    "not interleaved": (
        "Not interleaved: the machine may have been slower or faster for one backend than for "
        "another, so no ratios are given."
    ),
}


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 100 else f"{value:,.1f}"


def _milliseconds(value: float) -> str:
    return f"{value * 1e3:,.2f}"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}"


class NumberFormat(NamedTuple):
    """A number of a backend's column group: its heading, its column and its format."""

    heading: str
    column: str
    write: Callable[[float], str]


EPOCH_FIGURES: Final = (
    NumberFormat("epoch s", "epoch_seconds_median", _seconds),
    NumberFormat("min", "epoch_seconds_min", _seconds),
    NumberFormat("max", "epoch_seconds_max", _seconds),
    NumberFormat("n", "epoch_seconds_n", str),
)
FIT_FIGURES: Final = (
    NumberFormat("fit s", "fit_seconds_total_median", _seconds),
    NumberFormat("images/s", "images_per_second", "{:,.0f}".format),
    NumberFormat("first step s", "first_step_seconds", _seconds),
)
METRIC_FIGURES: Final = (
    NumberFormat("loss", "final_loss", "{:.4f}".format),
    NumberFormat("accuracy", "final_accuracy", "{:.4f}".format),
    NumberFormat("val_loss", "final_val_loss", "{:.4f}".format),
    NumberFormat("val_accuracy", "final_val_accuracy", "{:.4f}".format),
)
#: The column of the headline metric, whose heading is the name of a log.
HEADLINE: Final = "final_headline"
PHASE_SECONDS: Final = NumberFormat("phase s", "phase_seconds_median", _seconds)
PERPLEXITY: Final = NumberFormat("val perplexity", "final_val_perplexity", "{:.3f}".format)
LATENCY_FIGURES: Final = tuple(
    NumberFormat(f"p{percent} ms", f"latency_p{percent}_seconds", _milliseconds)
    for percent in LATENCY_PERCENTILES
)
MEMORY_FIGURES: Final = (NumberFormat("peak MB", "peak_memory_bytes", _megabytes),)
WORK_FIGURES: Final = (
    NumberFormat("GFLOP/s", "achieved_gflops", "{:,.1f}".format),
    NumberFormat("of the CPU's GEMM peak", "gemm_peak_fraction", "{:.1%}".format),
    *MEMORY_FIGURES,
    NumberFormat("over baseline MB", "memory_over_baseline_bytes", _megabytes),
)
DEVICE_MEMORY: Final = NumberFormat("GPU peak MB", "device_peak_memory_bytes", _megabytes)


def table_rows(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a table as mappings, with None for missing values."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.astype(object).to_dict("records")
    ]


def row_key(row: Row) -> RowKey:
    """Return the key of the row of the comparison to which `row` belongs."""
    return tuple(row[name] for name in ROW_KEY)


def by_row_key(rows: Iterable[Row]) -> dict[RowKey, list[Row]]:
    """Return the rows of any table by the row of the comparison to which they belong."""
    groups: dict[RowKey, list[Row]] = {}
    for row in rows:
        groups.setdefault(row_key(row), []).append(row)
    return groups


def key_of_group(values: Sequence[object]) -> RowKey:
    """Return the key of a pandas group by ROW_KEY in the form of `row_key`."""
    return tuple(None if value is pd.NA or value != value else value for value in values)


def frames_by_row(frame: pd.DataFrame) -> dict[RowKey, pd.DataFrame]:
    """Return the part of any table that belongs to each row of the comparison, by its key."""
    groups = frame.groupby(list(ROW_KEY), dropna=False)
    return {key_of_group(key): group for key, group in groups}


def by_race(ratios: Iterable[Row]) -> list[list[Row]]:
    """Return the rows of ratios.csv in groups, one for each race."""
    groups: dict[tuple[str, RowKey], list[Row]] = {}
    for ratio in ratios:
        groups.setdefault((ratio["run_id"], row_key(ratio)), []).append(ratio)
    return list(groups.values())


def figure_text(row: Row, backend: str, figure: NumberFormat) -> str:
    """Return the formatted number, empty if the value is missing."""
    value = row[f"{backend}_{figure.column}"]
    return "" if value is None else figure.write(value)


def figures_of(row: Row, figures: Sequence[NumberFormat]) -> list[NumberFormat]:
    """Return the numbers to show for a row: all for `fit`, the known ones for other tasks.

    A headline metric that is not among them, perplexity and latencies follow if they are known.
    """
    more = (PHASE_SECONDS, *_headline_figure(row), PERPLEXITY, *LATENCY_FIGURES)
    always = figures if row["task"] == "fit" and not row["phase"] else figures[:1]
    if row["phase"]:  # its seconds are phase s
        figures = [figure for figure in figures if figure.column != "fit_seconds_total_median"]
    return [
        figure
        for figure in (*figures, *more)
        if figure in always or any(figure_text(row, backend, figure) for backend in BACKENDS)
    ]


def _headline_figure(row: Row) -> list[NumberFormat]:
    metric = other_headline(row)
    return [] if metric is None else [NumberFormat(sanitize_line(metric), HEADLINE, headline_text)]


def status_text(row: Row, backend: str) -> str:
    """Return the text that replaces missing epoch seconds."""
    texts = {
        "ok": "warm-up only",
        "missing": "no record yet",
        "failed": "failed",
        "unsupported": "unsupported",
        "mixed": "not pooled",
        "no phase": "no such phase",
    }
    if row[f"{backend}_phase_seconds_median"] is not None:
        return "see phase"
    return texts[row[f"{backend}_status"]]


def reason_text(row: Row, backend: str) -> str:
    """Return the stored reason why the backend's records failed or are not pooled, or empty."""
    reason = row[f"{backend}_reason"]
    if reason is None:
        return ""
    failed = row[f"{backend}_failed_records"]
    if row[f"{backend}_status"] == "no phase":
        return str(reason)
    if row[f"{backend}_status"] == "unsupported":
        return f"unsupported by the framework: {reason}"
    total = failed + row[f"{backend}_records"]
    count = "" if row[f"{backend}_status"] == "mixed" else f" ({failed} of {total} records failed)"
    return f"{reason}{count}"


def heading(row: Row) -> str:
    """Return `WORKLOAD, lane LANE, on DATASET`, preceded by the task unless it is `fit`."""
    task = "" if row["task"] == "fit" else f"{row['task']} with "
    phase = f", phase {row['phase']}" if row["phase"] else ""
    dataset = "its own data" if row["dataset"] == OWN_DATA else row["dataset"]
    return f"{task}{row['workload']}{phase}, lane {row['lane']}, on {dataset}"


def conditions(row: Row) -> str:
    """Return the rest of the cell in one line; of a script, only what it does not decide itself."""
    batch, epochs = row["batch_size"], row["epochs"]
    own = [] if batch is None else [f"batch size {batch}"]
    own += [] if epochs is None else [f"{epochs} epoch{'s' if epochs > 1 else ''}"]
    unknown = epochs is None and not row["seed"]
    seed = "the script's own seeds" if unknown else f"seed {row['seed']}"
    images = [] if epochs is None or row["dataset"] == OWN_DATA else _images(row)
    place = [*images, *_phase_place(row)]
    return ", ".join([row["precision"], *own, seed, row["device"], *place])


def _images(row: Row) -> list[str]:
    limits = {"training": row["limit_train"], "test": row["limit_test"]}
    kinds = ("training", "test") if row["task"] == "fit" else ("test",)
    return [
        f"{'all' if limit is None else f'the first {limit:,}'} {kind} images"
        for kind in kinds
        for limit in [limits[kind]]
        if kind == kinds[0] or limit is not None
    ]


def _phase_place(row: Row) -> list[str]:
    """Return the line and the calls of a row's phase, as far as its table has them."""
    line, calls = row.get("phase_line"), row.get("phase_calls") or 1
    texts = [] if line is None else [f"line {line}"]
    return [*texts, f"{calls} calls"] if calls > 1 else texts


def timing_notes(rows: Sequence[Row]) -> list[str]:
    """Return the explanations of the kinds of timing that occur in `rows`."""
    timings = {row["timing"] for row in rows}
    notes = [text for timing, text in _TIMING_NOTES.items() if timing in timings]
    phases = [_PHASE_NOTE] if any(row["phase"] for row in rows) else []
    return [*notes, _EPOCH_NOTE, *phases]


def parity_lines(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """Return `WORKLOAD, jax / torch` and the result for each workload and pair of a certificate."""
    return [
        (
            f"{row['workload']}, {row['backend_a']} / {row['backend_b']}",
            f"{row['parity']}; {row['quantities']} quantities, {_bound_text(row)}; images of "
            f"{row['images']}, weights of seed {row['weights_seed']}, "
            f"{row['training_steps']} steps; {row['made_at']}",
        )
        for row in rows
    ]


def _bound_text(row: Row) -> str:
    fraction = row["max_bound_fraction"]
    return "one has no bound" if fraction is None else f"at most {fraction:.0%} of the bound"


def differing_text(entries: Sequence[Row]) -> str:
    """Return the names of the provenance entries that differ, by part; empty if none differ."""
    by_part: dict[str, list[str]] = {}
    for entry in entries:
        if entry["differs"]:
            part, _, name = entry["entry"].partition(".")
            by_part.setdefault(part, []).append(name)
    return "; ".join(f"{part} ({', '.join(names)})" for part, names in by_part.items())
