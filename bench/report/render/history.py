"""What people read of a cell's history; the same in Markdown and on a terminal."""

from collections.abc import Sequence
from typing import Final

from bench.report.render.format import Row

HEADINGS: Final = ("run", "epoch s", "min to max", "n", "val_accuracy", "plot", "changed")

NOTE: Final = (
    "Epoch seconds: the median of all epochs of the run but the first ones, without validation; "
    "the plot is that median, from 0. The runs are of unlike times: what is marked as changed is "
    "not all that may have changed on the machine, so no ratios are given."
)

#: The width of the plot, in characters.
_PLOT_WIDTH: Final = 12


def history_texts(rows: Sequence[Row]) -> list[list[str]]:
    """Return the texts under HEADINGS, oldest run first."""
    longest = max((row["epoch_seconds_median"] or 0 for row in rows), default=0)
    return [_texts(row, longest) for row in rows]


def _texts(row: Row, longest: float) -> list[str]:
    changed = row["changed"] or ""
    seconds, accuracy = row["epoch_seconds_median"], row["final_val_accuracy"]
    shown = "" if accuracy is None else f"{accuracy:.4f}"
    if seconds is None:
        status = f"failed: {row['reason']}" if row["reason"] else "warm-up only"
        return [row["run_id"], status, "", "", shown, "", changed]
    return [
        row["run_id"],
        f"{seconds:.3f}",
        f"{row['epoch_seconds_min']:.3f} to {row['epoch_seconds_max']:.3f}",
        str(row["epoch_seconds_n"]),
        shown,
        "█" * max(1, round(_PLOT_WIDTH * seconds / longest)),
        changed,
    ]
