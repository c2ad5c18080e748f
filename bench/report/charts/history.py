"""The chart of a history: a point and a range per run, and a dashed line at each change."""

from collections.abc import Sequence
from html import escape
from typing import Final

from bench.core.text import sanitize_line
from bench.report.render.format import Row

_WIDTH: Final = 760
_HEIGHT: Final = 260
#: Margins for the numbers of the axis and for the title.
_LEFT: Final = 60
_TOP: Final = 56
_BOTTOM: Final = 230

_STYLE: Final = """<style>
svg { background: #ffffff; color: #1f2328; font: 12px sans-serif }
@media (prefers-color-scheme: dark) { svg { background: #0d1117; color: #e6edf3 } }
text, circle { fill: currentColor } line { stroke: currentColor } .changed { stroke-dasharray: 4 3 }
</style>"""


def history_svg(rows: Sequence[Row]) -> str:
    """Return the chart of the rows: median and range by run, on an axis from 0."""
    largest = max((row["epoch_seconds_max"] or 0 for row in rows), default=0) or 1.0
    name = _safe(rows[0]["cell_id"]) if rows else ""
    marks = [
        mark
        for number, row in enumerate(rows)
        for mark in _marks(row, _LEFT + (number + 0.5) * (_WIDTH - _LEFT) / len(rows), largest)
    ]
    right = f'x="{_LEFT - 8}" text-anchor="end"'
    axis = [
        f'<text {right} y="{_y(value, largest) + 4:.1f}">{value:.3g}</text>'
        for value in (0, largest / 2, largest)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
            f"{_STYLE}<title>Epoch seconds of {name} over runs</title>",
            f'<text x="8" y="18">{name}</text>',
            '<text x="8" y="36">epoch seconds: median and range of each run; dashed: a '
            "change</text>",
            f'<line x1="{_LEFT}" x2="{_WIDTH}" y1="{_BOTTOM}" y2="{_BOTTOM}"/>',
            *(*axis, *marks),
            "</svg>\n",
        ]
    )


def _marks(row: Row, x: float, largest: float) -> list[str]:
    marks = [_point(row, x, largest)]
    if row["changed"]:
        left = f"{x - 10:.1f}"
        ends = f'x1="{left}" x2="{left}" y1="{_TOP}" y2="{_BOTTOM}"'
        marks.append(f'<line class="changed" {ends}><title>{_safe(row["changed"])}</title></line>')
    return marks


def _point(row: Row, x: float, largest: float) -> str:
    seconds = row["epoch_seconds_median"]
    if seconds is None:
        return f'<text x="{x:.1f}" y="{_BOTTOM - 6}" text-anchor="middle">no time</text>'
    low, high = _y(row["epoch_seconds_min"], largest), _y(row["epoch_seconds_max"], largest)
    tip = f"{row['run_id']}: {seconds:.3f} s"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{_y(seconds, largest):.1f}" r="4">'
        f"<title>{_safe(tip)}</title></circle>"
    )


def _y(seconds: float, largest: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * seconds / largest


def _safe(text: str) -> str:
    return escape(sanitize_line(text))
