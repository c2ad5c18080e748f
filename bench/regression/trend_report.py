"""Series and their changes as CSV and as a table on a terminal."""

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.text import one_line
from bench.regression.trend import Change
from bench.regression.trend_series import Anchor, Point

Trends = Mapping[Anchor, tuple[Sequence[Point], Sequence[Change]]]

_COLUMNS = (
    *("cell_id", "machine_id", "anchor", "gate_id", "candidate", "ratio"),
    *("change", "before", "after", "p_value"),
)


def trend_frame(trends: Trends) -> pd.DataFrame:
    """Return a row per gate of each series; `change` is true where a change point begins.

    `before` and `after` are then the mean ratios on both sides of it.
    """
    rows = []
    for anchor, (points, changes) in trends.items():
        by_index = {change.index: change for change in changes}
        for index, point in enumerate(points):
            change = by_index.get(index)
            rows.append(
                {
                    "cell_id": anchor.cell_id,
                    "machine_id": anchor.machine_id,
                    "anchor": _versions(anchor),
                    "gate_id": point.gate_id,
                    "candidate": point.candidate,
                    "ratio": point.ratio,
                    "change": change is not None,
                    "before": change and change.before,
                    "after": change and change.after,
                    "p_value": change and change.p_value,
                }
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def trend_table(trends: Trends) -> Table:
    """Return a row per series and change point for a terminal."""
    head = ("cell", "anchor", "gates", "changed at", "from", "to", "p")
    table = Table(*head, title="Changes against the anchor", title_justify="left", box=None)
    for anchor, (points, changes) in trends.items():
        name = (anchor.cell_id, _versions(anchor), str(len(points)))
        rows = [
            (
                points[change.index].gate_id,
                f"{change.before - 1:+.1%}",
                f"{change.after - 1:+.1%}",
                f"{change.p_value:.2g}",
            )
            for change in changes
        ]
        for row in rows or [("none", "", "", "")]:
            table.add_row(*(Text(one_line(cell)) for cell in (*name, *row)))
    return table


def _versions(anchor: Anchor) -> str:
    return ", ".join(f"{name} {version}" for name, version in anchor.versions)
