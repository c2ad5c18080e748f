"""The charts as Vega-Lite specifications, which are drawn on the page and as SVG.

Every chart names the series of `bench.report.charts.data` that it draws; the caller adds them as
`datasets`. A chart sets no text colour, background or font, because the page has a light and a dark
style.
"""

from typing import Any, Final

from bench.core.cell import BACKENDS
from bench.report.charts.data import PHASE_PARTS
from bench.report.charts.palette import BACKEND_COLOURS, BACKEND_SHAPES, PART_COLOURS

Spec = dict[str, Any]


def _backend(channel: str, *, legend: bool) -> Spec:
    """Return the encoding of the backend as colour or shape, the same in every chart."""
    values = BACKEND_COLOURS if channel == "color" else BACKEND_SHAPES
    return {
        "field": "backend",
        "type": "nominal",
        "scale": {"domain": list(BACKENDS), "range": [values[name] for name in BACKENDS]},
        "legend": {"title": None, "symbolOpacity": 1} if legend else None,
    }


def _number(field: str, title: str, *, zero: bool = True, **more: Any) -> Spec:
    scale = {"zero": zero, "nice": True}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale, **more}


def _tooltip(*fields: tuple[str, str, str]) -> list[Spec]:
    """Return the lines of a tooltip from (field, title, format); without a format it is text."""
    return [
        {"field": field, "title": title, "type": "quantitative", "format": form}
        if form
        else {"field": field, "title": title, "type": "nominal"}
        for field, title, form in fields
    ]


_ROWS: Final[Spec] = {
    "field": "backend",
    "type": "nominal",
    "title": None,
    "scale": {"domain": list(BACKENDS)},
    "axis": {"ticks": False, "domain": False, "labelPadding": 8, "minExtent": 76, "maxExtent": 76},
}
#: In pixels. With a height in steps, Vega-Lite would silently not fit the chart to the page width.
_ROWS_HEIGHT: Final = 132
_DASH: Final[Spec] = {
    "field": "part",
    "type": "nominal",
    "scale": {"domain": ["training", "validation"], "range": [[5, 4], [1, 0]]},
    "legend": {"title": None, "symbolType": "stroke", "symbolSize": 300},
}
_BAR: Final[Spec] = {"type": "bar", "height": {"band": 0.62}}


def curves(metric: str, title: str = "") -> Spec:
    """Return the learning curves of a metric, training dashed and validation solid.

    `title` is that of its axis, by default the metric.
    """
    value = _number(metric, title or metric, zero=False)
    band = {"y": {**value, "field": f"{metric}_low"}, "y2": {"field": f"{metric}_high"}}
    fields = (("backend", "backend", ""), ("part", "part", ""), ("epoch", "epoch", "d"))
    tooltip = _tooltip(*fields, (metric, title or metric, ".4f"))
    # An axis of few epochs also has ticks at fractions of an epoch; these get no label.
    whole_numbers = "datum.value % 1 ? '' : datum.value"
    axis = {"labelExpr": whole_numbers, "grid": False, "ticks": False}
    return {
        "data": {"name": "curves"},
        "height": 230,
        "encoding": {
            "x": _number("epoch", "epoch", zero=False, axis=axis),
            "color": _backend("color", legend=True),
        },
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.14, "tooltip": None},
                "encoding": {**band, "detail": {"field": "part"}},
            },
            {
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"y": value, "strokeDash": _DASH},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 44, "opacity": 1},
                "encoding": {
                    "y": value,
                    "shape": _backend("shape", legend=True),
                    "tooltip": tooltip,
                },
            },
        ],
    }


def epoch_times() -> Spec:
    """Return every epoch as a tick, with the median of each backend and its interval."""
    few = {"tickCount": 6, "labelOverlap": True}
    seconds = _number("seconds", "seconds per epoch, without validation", zero=False, axis=few)
    tick = (("backend", "backend", ""), ("seconds", "seconds", ".3f"))
    place = (("epoch", "epoch", "d"), ("repetition", "launch", "d"))
    median = (("backend", "backend", ""), ("median", "median", ".3f"), ("n", "epochs", "d"))
    interval = (("interval", "95% interval", ""),)
    return {
        "data": {"name": "points"},
        "height": _ROWS_HEIGHT,
        "encoding": {"y": _ROWS, "color": _backend("color", legend=False)},
        "layer": [
            {
                "mark": {"type": "tick", "thickness": 2, "opacity": 0.65, "height": {"band": 0.6}},
                "encoding": {"x": seconds, "tooltip": _tooltip(*tick, *place)},
            },
            {
                "data": {"name": "medians"},
                "mark": {"type": "rule", "strokeWidth": 3},
                "encoding": {"x": {**seconds, "field": "low"}, "x2": {"field": "high"}},
            },
            {
                "data": {"name": "medians"},
                "mark": {"type": "point", "filled": True, "size": 110, "opacity": 1},
                "encoding": {
                    "x": {**seconds, "field": "median"},
                    "shape": _backend("shape", legend=False),
                    "tooltip": _tooltip(*median, *interval),
                },
            },
        ],
    }


def forest(series: str, title: str, *fields: tuple[str, str, str], height: int) -> Spec:
    """Return ratios with their intervals, one line per `name`, on a logarithmic axis.

    `title` is the title of the axis. `fields` are the lines of the tooltip before the ratio.
    """
    few = {"tickCount": 5, "labelOverlap": "greedy", "labelSeparation": 8}
    ratio = _number("ratio", title, zero=False, axis=few)
    ratio["scale"] = {"type": "log", "nice": False, "padding": 12}
    interval = (("ratio", "ratio", ".3f"), ("low", "95% from", ".3f"), ("high", "to", ".3f"))
    name: Spec = {"field": "name", "type": "nominal", "title": None, "sort": None}
    name["axis"] = {"labelLimit": 170}
    return {
        "data": {"name": series},
        "height": height,
        "layer": [
            {"mark": {"type": "rule", "strokeDash": [4, 4]}, "encoding": {"x": {"datum": 1}}},
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {
                    "y": name,
                    "x": {**ratio, "field": "low"},
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {"y": name, "x": ratio, "tooltip": _tooltip(*fields, *interval)},
            },
        ],
    }


def ratios() -> Spec:
    """Return the ratios of a race with their intervals."""
    fields = (("pair", "pair", ""), ("quantity", "quantity", ""), ("rounds", "rounds", "d"))
    return forest("ratios", "ratio of seconds", *fields, height=150)


def elapsed(series: str, metric: str, title: str) -> Spec:
    """Return a metric against the elapsed training seconds; `title` is that of its axis."""
    fields = (("backend", "backend", ""), ("epoch", "epoch", "d"), ("seconds", "seconds", ",.1f"))
    return {
        "data": {"name": series},
        "height": 230,
        "mark": {"type": "line", "strokeWidth": 2, "point": {"filled": True, "size": 44}},
        "encoding": {
            "x": _number("seconds", "elapsed seconds of training"),
            "y": _number(metric, title, zero=False),
            "color": _backend("color", legend=True),
            "shape": _backend("shape", legend=True),
            "tooltip": _tooltip(*fields, (metric, metric, ".4f")),
        },
    }


def phases() -> Spec:
    """Return one stacked bar per backend with the parts of a launch's time."""
    parts = list(PHASE_PARTS)
    return {
        "data": {"name": "phases"},
        "height": _ROWS_HEIGHT,
        "mark": _BAR,
        "encoding": {
            "y": _ROWS,
            "x": _number("seconds", "seconds of one launch, start to exit"),
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": parts, "range": list(PART_COLOURS)},
                "legend": {"title": None, "columns": 3, "symbolType": "square"},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip(
                ("backend", "backend", ""), ("part", "part", ""), ("seconds", "seconds", ",.3f")
            ),
        },
    }


def memory() -> Spec:
    """Return one bar per backend of its peak memory, split into two parts if they are known."""
    shades = {"before training": 0.45, "added by training": 1.0, "at the peak": 1.0}
    return {
        "data": {"name": "memory"},
        "height": _ROWS_HEIGHT,
        "mark": _BAR,
        "encoding": {
            "y": _ROWS,
            "x": _number("megabytes", "peak memory of the process in MB"),
            "color": _backend("color", legend=False),
            "opacity": {
                "field": "part",
                "type": "ordinal",
                "scale": {"domain": list(shades), "range": list(shades.values())},
                "legend": None,
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip(
                ("backend", "backend", ""), ("part", "part", ""), ("megabytes", "MB", ",.0f")
            ),
        },
    }


def work() -> Spec:
    """Return one bar per backend of the achieved GFLOP/s, with a line at the measured peak."""
    rate = _number("gflops", "GFLOP/s of training")
    return {
        "height": _ROWS_HEIGHT,
        "layer": [
            {
                "data": {"name": "work"},
                "mark": _BAR,
                "encoding": {
                    "y": _ROWS,
                    "x": rate,
                    "color": _backend("color", legend=False),
                    "tooltip": _tooltip(("backend", "backend", ""), ("gflops", "GFLOP/s", ",.1f")),
                },
            },
            {
                "data": {"name": "peak"},
                "mark": {"type": "rule", "strokeWidth": 2, "strokeDash": [4, 3]},
                "encoding": {"x": rate, "tooltip": _tooltip(("gflops", "GEMM peak", ",.1f"))},
            },
        ],
    }
