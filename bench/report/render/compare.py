"""What people read of a comparison of two runs; the same in Markdown and on a terminal."""

from collections.abc import Sequence
from typing import Final

from bench.report.render.format import Row, conditions, heading
from bench.report.tables.compare_runs import FEWEST_LAUNCHES
from bench.stats.stability import CALIBRATION_BOUND

HEADINGS: Final = (
    *("backend", "A epoch s", "B epoch s", "B / A"),
    *("A val_accuracy", "B val_accuracy", "B - A"),
)

NOTES: Final = (
    "Epoch seconds: the median over the launches (n) of each one's median epoch, without the first "
    "one and without validation.",
    "B / A: above 1, B is the slower one. In brackets: the interval that holds the true value "
    "with 95% confidence, from the ranks of the launches. It knows the noise between launches, not "
    "what changed on the machine between the two runs.",
    f"No ratio stands without its interval, for which each side needs {FEWEST_LAUNCHES} launches.",
)

_BOUND: Final = f"the bound is {CALIBRATION_BOUND:.0%}"


def groups_of(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of cells on both sides, those together that differ in backend alone."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["sides"] == "both":
            groups.setdefault((heading(row), conditions(row)), []).append(row)
    return list(groups.values())


def lonely_lines(rows: Sequence[Row], names: dict[str, str]) -> list[str]:
    """Return a line per cell that one side lacks; `names` are those of the sides A and B."""
    lines = []
    for row in rows:
        if row["sides"] != "both":
            own = row["sides"][-1]
            other = "B" if own == "A" else "A"
            lines.append(
                f"{row['cell_id']}: only in {own} ({names[own]}), missing in {other} "
                f"({names[other]})"
            )
    return lines


def row_texts(row: Row) -> list[str]:
    """Return the texts under HEADINGS."""
    return [
        row["backend"],
        *(_seconds_text(row, side) for side in "ab"),
        _ratio_text(row),
        *(_accuracy_text(row, side) for side in "ab"),
        _difference_text(row),
    ]


def row_notes(row: Row) -> list[str]:
    """Return what the table cannot say of a row, each after the name of its backend."""
    notes = []
    if row["across_machines"]:
        notes.append(f"ACROSS MACHINES: A on {row['machine_a']}, B on {row['machine_b']}")
    for side in "ab":
        failed = row[f"failed_{side}"]
        if failed:
            total = failed + row[f"launches_{side}"]
            notes.append(f"{failed} of {total} launches failed in {side.upper()}")
    if row["function"] not in (None, "unchanged"):
        notes.append(f"the function computed: {row['function']}")
    if row["changed"]:
        notes.append(f"A -> B: {row['changed']}")
    return [f"{row['backend']}: {note}" for note in notes]


def _seconds_text(row: Row, side: str) -> str:
    seconds = row[f"epoch_seconds_{side}"]
    return "" if seconds is None else f"{seconds:.3f} (n={row[f'launches_{side}']})"


def _accuracy_text(row: Row, side: str) -> str:
    accuracy = row[f"val_accuracy_{side}"]
    return "" if accuracy is None else f"{accuracy:.4f}"


def _ratio_text(row: Row) -> str:
    """Return `1.05 [1.02, 1.08] slower`, or why there is no ratio."""
    if row["time"] == "ok":
        low, high = row["seconds_ratio_low"], row["seconds_ratio_high"]
        says = "slower" if low > 1 else "faster" if high < 1 else "undecided"
        return f"{row['seconds_ratio']:.3f} [{low:.3f}, {high:.3f}] {says}"
    moved = [m for kernel in ("gemm", "copy") if (m := row[f"{kernel}_moved"]) is not None]
    texts = {
        "mixed": "none: records of unlike code, data or versions on one side",
        "no time": "none: a side has no epoch but failed and first ones",
        "unlike": "none: what is timed changed between A and B",
        "too few launches": f"no interval: {_launches(row)}",
        "unstable": f"none: the calibration moved by {max(moved):.1%}, {_BOUND}"
        if moved
        else "none: no calibration tells that the machine was steady",
    }
    return texts[row["time"]]


def _difference_text(row: Row) -> str:
    """Return `+0.0020 [-0.0010, +0.0040]`, or why there is no difference."""
    difference = row["val_accuracy_difference"]
    if difference is None:
        known = row["val_accuracy_a"] is not None and row["val_accuracy_b"] is not None
        return f"no interval: {_launches(row)}" if known else ""
    low, high = row["val_accuracy_difference_low"], row["val_accuracy_difference_high"]
    return f"{difference:+.4f} [{low:+.4f}, {high:+.4f}]"


def _launches(row: Row) -> str:
    a, b = row["launches_a"], row["launches_b"]
    if a == b:
        return f"{a} launch{'' if a == 1 else 'es'} each"
    return f"{a} and {b} launches"
