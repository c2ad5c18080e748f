"""Static figures for Markdown: the charts of one row of the comparison as one SVG."""

import errno
import re
from typing import Any, Final

from bench.core.text import one_line
from bench.report.charts.data import Series
from bench.report.charts.render import CHARTS
from bench.report.render.format import Row

#: The Vega-Lite that draws both the page and the figures; one that vl-convert ships.
VEGA_LITE: Final = "6.4"

#: So many rows of a comparison have a figure, so that a store of thousands stays readable.
MOST_FIGURES: Final = 12

_FONT: Final = "Liberation Sans, Arial, Helvetica, sans-serif"
_INK, _FAINT = "#1c2430", "#d9dee5"
_STYLE: Final[dict[str, Any]] = {
    "background": "white",
    "padding": 14,
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": _INK,
        "titleColor": _INK,
        "gridColor": _FAINT,
        "domainColor": _FAINT,
        "tickColor": _FAINT,
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 12,
    },
    "legend": {"orient": "top", "labelColor": _INK, "labelFontSize": 12},
    "concat": {"spacing": 36},
}


def figure_name(number: int, row: Row) -> str:
    """Return the file's name of the figure of the comparison's row with this number, from 1."""
    names = (re.sub(r"[^A-Za-z0-9_]+", "_", str(row[n]))[-40:] for n in ("workload", "dataset"))
    return f"{number}-{'-'.join(names)}-{row['lane']}.svg"


def row_svg(series: Series) -> str | None:
    """Return loss, accuracy and epoch times side by side; None where there is nothing to draw.

    The text is the same for the same series, vl-convert and fonts (it brings its own). OSError when
    the machine has no room for its engine.
    """
    if not series["curves"]:
        return None
    # Imported where it is needed: it starts a JavaScript engine.
    import vl_convert

    names = [name for name in ("loss", "accuracy", "epochs") if series[CHARTS[name].series]]
    spec = {
        "datasets": series,
        "hconcat": [{**CHARTS[name].spec, "width": 260} for name in names],
        "resolve": {
            "scale": {"color": "shared", "shape": "shared", "strokeDash": "shared"},
        },
        "config": _STYLE,
    }
    try:
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE) + "\n"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # without descriptors its engine panics, which is no Exception
        raise OSError(errno.EIO, "figures cannot be drawn") from error


def figure_caption(row: Row) -> str:
    """Return what the figure of a row shows, for those who cannot see it."""
    title = f"{row['workload']} on {row['dataset']}, lane {row['lane']}"
    return one_line(f"{title}: loss, accuracy and seconds of each epoch, by backend")
