"""compare.html: the comparison of two runs as one file that opens offline."""

from collections.abc import Sequence
from typing import Any, Final

from bench.report.charts.vega import forest
from bench.report.render.compare import (
    HEADINGS,
    NOTES,
    groups_of,
    lonely_lines,
    row_notes,
    row_texts,
)
from bench.report.render.format import Row, conditions, heading
from bench.report.render.html.template import render

#: So many ratios are drawn; the tables have all.
MOST_DRAWN: Final = 100
#: In pixels: the height of one ratio, and of the axis.
_LINE_HEIGHT: Final = 24
_AXIS_HEIGHT: Final = 20


def compare_page(rows: Sequence[Row], a: str, b: str) -> str:
    """Return the page on the rows of the runs `a` and `b`; all text of records is escaped."""
    ratios = [_drawn(row) for row in rows if row["time"] == "ok"]
    shown = ratios[:MOST_DRAWN]
    height = _AXIS_HEIGHT + _LINE_HEIGHT * len(shown)
    fields = (("name", "cell", ""), ("cell", "whole name", ""))
    return render(
        "compare.html.j2",
        title=f"{b} against {a}",
        charts={"changes": forest("changes", "B / A", *fields, height=height)},
        rows=[{"changes": shown}] if shown else [],
        a=a,
        b=b,
        cells=len(rows),
        lonely=lonely_lines(rows, {"A": a, "B": b}),
        drawn=len(shown),
        ratios=len(ratios),
        headings=HEADINGS,
        groups=[
            {
                "heading": heading(group[0]),
                "conditions": conditions(group[0]),
                "lines": [row_texts(row) for row in group],
                "notes": [note for row in group for note in row_notes(row)],
            }
            for group in groups_of(rows)
        ],
        notes=NOTES,
    )


def _drawn(row: Row) -> dict[str, Any]:
    name = f"{row['workload']}, {row['backend']}, {row['lane']}"
    ends = {end: row[f"seconds_ratio_{end}"] for end in ("low", "high")}
    return {"name": name, "cell": row["cell_id"], "ratio": row["seconds_ratio"], **ends}
