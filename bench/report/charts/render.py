"""The figures of one row of the comparison, with their titles and captions."""

import errno
import re
from typing import Any, Final, NamedTuple

from bench.core.headline import VAL_ACCURACY
from bench.core.text import sanitize_line
from bench.report.charts import vega as specs
from bench.report.charts.data import Series
from bench.report.render.format import Row
from bench.report.render.headline import other_headline


class Chart(NamedTuple):
    """One figure: its title, its caption, and the text shown if `series` has no data for it."""

    title: str
    caption: str
    series: str
    missing: str
    spec: specs.Spec


_NO_PHASES: Final = (
    "Records of version 1 and of failed launches do not contain the phases; a single phase of a "
    "user's own training is only a part of a launch."
)

#: The figures of a row by name; the page and the tests use these names.
CHARTS: Final = {
    "ratios": Chart(
        "Ratios, interleaved",
        "Point: median over the rounds of a race; bar: its 95% interval; dashed line: no "
        "difference. Above 1, the first of the two is slower.",
        "ratios",
        "This row has no valid race, so no ratio is given.",
        specs.ratios(),
    ),
    "epochs": Chart(
        "Epoch times",
        "Each tick is one epoch. The mark is the median; its bar is the 95% interval over "
        "launches, drawn for 6 or more launches. The first epoch of a launch is left out, because "
        "it includes compilation.",
        "points",
        "No launch has an epoch after the first one.",
        specs.epoch_times(),
    ),
    "loss": Chart(
        "Loss",
        "Training dashed, validation solid. Lines are medians over the records, shaded areas "
        "reach from the minimum to the maximum.",
        "curves",
        "No backend has an ok record.",
        specs.curves("loss"),
    ),
    "accuracy": Chart(
        "Accuracy",
        "Lines and areas as for the loss. Validation can exceed training, because it is measured "
        "after the epoch, without dropout.",
        "curves",
        "No backend has an ok record.",
        specs.curves("accuracy"),
    ),
    "elapsed": Chart(
        "Accuracy against time",
        "Further left is faster. The time is the training time, which includes the first epoch "
        "but not validation.",
        "elapsed",
        "The records have no validation accuracy.",
        specs.elapsed("elapsed", "val_accuracy", "validation accuracy"),
    ),
    "headline": Chart(
        "Headline metric",
        "Lines and areas as for the loss.",
        "curves",
        "No backend has an ok record.",
        specs.curves("headline", "headline metric"),
    ),
    "elapsed_headline": Chart(
        "Headline metric against time",
        "Further left is faster. The time is the training time, which includes the first epoch "
        "but not validation.",
        "elapsed_headline",
        "The records have no value of the headline metric.",
        specs.elapsed("elapsed_headline", "headline", "headline metric"),
    ),
    "phases": Chart(
        "Where the time goes",
        "One launch from start to exit; medians over the records, computed for each phase "
        "separately.",
        "phases",
        _NO_PHASES,
        specs.phases(),
    ),
    "memory": Chart(
        "Memory",
        "Peak resident memory of a launch; pale: its memory after importing the backend, if the "
        "record contains that.",
        "memory",
        "No backend has an ok record.",
        specs.memory(),
    ),
    "work": Chart(
        "Work",
        "Rate achieved in training. The dashed line is the CPU's measured peak for matrix "
        "products.",
        "work",
        "The work was not counted, because the records are of version 1 or have no epoch after "
        "the first, or because a layer has no counting rule.",
        specs.work(),
    ),
}


#: The version of Vega-Lite that draws the page and the figures; vl-convert includes it.
VEGA_LITE: Final = "6.4"

#: At most this many rows of a comparison have a figure, so that large reports stay readable.
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
    """Return the file name of a row's figure; `number` is the row's number, from 1."""
    names = (re.sub(r"[^A-Za-z0-9_]+", "_", str(row[n]))[-40:] for n in ("workload", "dataset"))
    return f"{number}-{'-'.join(names)}-{row['lane']}.svg"


def hidden_charts(row: Row) -> set[str]:
    """Return the names of the charts that do not apply to a row, because of its headline metric."""
    metric = row["headline_metric"]
    hidden = {"elapsed_headline"} if metric in (None, VAL_ACCURACY) else {"elapsed"}
    return hidden if other_headline(row) else {*hidden, "headline"}


def row_svg(series: Series, headline: str | None = None) -> str | None:
    """Return loss, accuracy and epoch times side by side; None if there is no data to draw.

    The metric `headline` replaces the accuracy, if the row is judged by one that has no chart.
    The text depends only on the series, vl-convert and its fonts, which it includes. Raise OSError
    if the machine lacks the resources to start its JavaScript engine.
    """
    if not series["curves"]:
        return None
    # Imported here because it starts a JavaScript engine.
    import vl_convert

    judged = "accuracy" if headline is None else "headline"
    drawn = [name for name in ("loss", judged, "epochs") if series[CHARTS[name].series]]
    charts = {name: CHARTS[name].spec for name in drawn}
    if headline is not None:
        charts["headline"] = specs.curves("headline", sanitize_line(headline))
    spec = {
        "datasets": series,
        "hconcat": [{**chart, "width": 260} for chart in charts.values()],
        "resolve": {
            "scale": {"color": "shared", "shape": "shared", "strokeDash": "shared"},
        },
        "config": _STYLE,
    }
    try:
        return vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE) + "\n"
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # without file descriptors its engine panics: no Exception
        raise OSError(errno.EIO, "figures cannot be drawn") from error


def figure_caption(row: Row) -> str:
    """Return a description of a row's figure, for readers who cannot see it."""
    title = f"{row['workload']} on {row['dataset']}, lane {row['lane']}"
    metric = other_headline(row) or "accuracy"
    return sanitize_line(f"{title}: loss, {metric} and seconds of each epoch, by backend")
