"""The figures of one row of the comparison, with what has to be said beside each."""

import errno
import re
from typing import Any, Final, NamedTuple

from bench.core.text import sanitize_line
from bench.report.charts import vega as specs
from bench.report.charts.data import Series
from bench.report.render.format import Row


class Chart(NamedTuple):
    """One figure: its heading, how to read it, what to say when `series` has no line for it."""

    title: str
    caption: str
    series: str
    missing: str
    spec: specs.Spec


_OLD: Final = "Records of version 1 and of failed launches do not hold it."

#: The figures of a row by the name under which the page and the tests find them.
CHARTS: Final = {
    "ratios": Chart(
        "Ratios, interleaved",
        "Point: median over the rounds of a race; bar: its 95% interval; dashed: no difference. "
        "Above 1 the first of the two is slower.",
        "ratios",
        "There is no valid race of this row, so no ratio is given.",
        specs.ratios(),
    ),
    "epochs": Chart(
        "Epoch times",
        "Each tick is one epoch; the mark is the median, its bar the 95% interval over launches, "
        "drawn from 6 launches on. The first epoch of a launch, which compiles, is left out.",
        "points",
        "There is no epoch after the first one.",
        specs.epoch_times(),
    ),
    "loss": Chart(
        "Loss",
        "Training dashed, validation solid; medians over the records, shaded from the smallest to "
        "the largest.",
        "curves",
        "No backend has an ok record.",
        specs.curves("loss"),
    ),
    "accuracy": Chart(
        "Accuracy",
        "As before. Validation can lie above training: it is taken after the epoch, without "
        "dropout.",
        "curves",
        "No backend has an ok record.",
        specs.curves("accuracy"),
    ),
    "elapsed": Chart(
        "Accuracy against time",
        "Further left is sooner. The time is that of training, the first epoch included and "
        "validation left out.",
        "elapsed",
        "The records have no validation accuracy.",
        specs.elapsed(),
    ),
    "phases": Chart(
        "Where the time goes",
        "One launch from start to exit; medians over the records, each phase on its own.",
        "phases",
        _OLD,
        specs.phases(),
    ),
    "memory": Chart(
        "Memory",
        "Largest resident memory of a launch; pale: what it held after importing the backend, "
        "where the record holds that.",
        "memory",
        "No backend has an ok record.",
        specs.memory(),
    ),
    "work": Chart(
        "Work",
        "Achieved in training; the dashed line is the CPU's measured peak for matrix products.",
        "work",
        "The work was not counted: the records are of version 1, have no epoch after the first, "
        "or a layer has no counting rule.",
        specs.work(),
    ),
}


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
    return sanitize_line(f"{title}: loss, accuracy and seconds of each epoch, by backend")
