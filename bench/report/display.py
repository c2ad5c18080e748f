"""What people read of a comparison's row; the same in Markdown and on a terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pandas as pd

from bench.record import Record
from bench.report.frames import comparison_frame

Row = Mapping[str, Any]

NOTE: Final = (
    "Not measured interleaved: the machine may have been slower or faster for one backend than for "
    "another, so no ratios are given. Epoch seconds leave out validation and the first epoch."
)


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 100 else f"{value:,.1f}"


class Figure(NamedTuple):
    """A number of a backend's column group: its heading, and how it is written."""

    heading: str
    column: str
    write: Callable[[float], str]


EPOCH_FIGURES: Final = (
    Figure("epoch s", "epoch_seconds_median", _seconds),
    Figure("min", "epoch_seconds_min", _seconds),
    Figure("max", "epoch_seconds_max", _seconds),
    Figure("n", "epoch_seconds_n", str),
)
FIT_FIGURES: Final = (
    Figure("fit s", "fit_seconds_total_median", _seconds),
    Figure("images/s", "images_per_second", "{:,.0f}".format),
    Figure("first step s", "first_step_seconds", _seconds),
)
METRIC_FIGURES: Final = (
    Figure("loss", "final_loss", "{:.4f}".format),
    Figure("accuracy", "final_accuracy", "{:.4f}".format),
    Figure("val_loss", "final_val_loss", "{:.4f}".format),
    Figure("val_accuracy", "final_val_accuracy", "{:.4f}".format),
)
MEMORY_FIGURES: Final = (Figure("peak MB", "peak_memory_bytes", lambda size: f"{size / 1e6:,.0f}"),)


def comparison_rows(records: Sequence[Record]) -> list[Row]:
    """Return the rows of the comparison as mappings, missing values as None."""
    frame = comparison_frame(records).astype(object)
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


def figure_text(row: Row, backend: str, figure: Figure) -> str:
    """Return the figure as people read it, empty when it is missing."""
    value = row[f"{backend}_{figure.column}"]
    return "" if value is None else figure.write(value)


def status_text(row: Row, backend: str) -> str:
    """Return what stands in place of epoch seconds where there are none."""
    texts = {
        "ok": "warm-up only",
        "missing": "no record yet",
        "failed": "failed",
        "mixed": "not pooled",
    }
    return texts[row[f"{backend}_status"]]


def reason_text(row: Row, backend: str) -> str:
    """Return why records of the backend failed or are not pooled, as they gave it; else empty."""
    reason = row[f"{backend}_reason"]
    if reason is None:
        return ""
    failed = row[f"{backend}_failed_records"]
    total = failed + row[f"{backend}_records"]
    count = "" if row[f"{backend}_status"] == "mixed" else f" ({failed} of {total} records failed)"
    return f"{reason}{count}"


def heading(row: Row) -> str:
    """Return `WORKLOAD on DATASET`."""
    return f"{row['workload']} on {row['dataset']}"


def conditions(row: Row) -> str:
    """Return the rest of the cell in one line."""
    limit = row["limit_train"]
    images = "all training images" if limit is None else f"the first {limit:,} training images"
    return (
        f"lane {row['lane']}, {row['precision']}, batch size {row['batch_size']}, "
        f"{row['epochs']} epoch{'s' if row['epochs'] > 1 else ''}, seed {row['seed']}, "
        f"{row['device']}, {images}"
    )
