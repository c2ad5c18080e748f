"""The figures as Vega-Lite specifications: defined once, drawn on the page and as SVG.

Every chart names the series of `bench.report.series` that it draws; whoever draws it adds them as
`datasets`. A chart says nothing of ink, paper and fonts: the page has two of each.
"""

from typing import Any, Final, NamedTuple

from bench.cell import BACKENDS
from bench.report.colours import BACKEND_COLOURS, BACKEND_SHAPES, PART_COLOURS
from bench.report.series import PHASE_PARTS

Spec = dict[str, Any]


class Chart(NamedTuple):
    """One figure: its heading, how to read it, what to say when `series` has no line for it."""

    title: str
    caption: str
    series: str
    missing: str
    spec: Spec


def _backend(channel: str, *, legend: bool) -> Spec:
    """Return the encoding of the backend as colour or shape, the same in every figure."""
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
    """Return the lines of a tooltip, given as (field, title, format); no format: text."""
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
    "sort": list(BACKENDS),
    "axis": {"ticks": False, "domain": False, "labelPadding": 8, "minExtent": 76, "maxExtent": 76},
}
_DASH: Final[Spec] = {
    "field": "part",
    "type": "nominal",
    "scale": {"domain": ["training", "validation"], "range": [[5, 4], [1, 0]]},
    "legend": {"title": None, "symbolType": "stroke", "symbolSize": 300},
}
_BAR: Final[Spec] = {"type": "bar", "height": {"band": 0.62}}


def _curves(metric: str) -> Spec:
    value = _number(metric, metric, zero=False)
    band = {"y": {**value, "field": f"{metric}_low"}, "y2": {"field": f"{metric}_high"}}
    fields = (("backend", "backend", ""), ("part", "part", ""), ("epoch", "epoch", "d"))
    tooltip = _tooltip(*fields, (metric, metric, ".4f"))
    # An axis of few epochs has ticks between them, which would be labelled with their neighbours.
    whole = "datum.value % 1 ? '' : datum.value"
    axis = {"labelExpr": whole, "grid": False, "ticks": False}
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


def _epoch_times() -> Spec:
    few = {"tickCount": 6, "labelOverlap": True}
    seconds = _number("seconds", "seconds per epoch, validation apart", zero=False, axis=few)
    each = (("backend", "backend", ""), ("seconds", "seconds", ".3f"), ("epoch", "epoch", "d"))
    each = (*each, ("repetition", "launch", "d"))
    whole = (("backend", "backend", ""), ("median", "median", ".3f"), ("n", "epochs", "d"))
    interval = (("low", "95% from", ".3f"), ("high", "to", ".3f"))
    return {
        "data": {"name": "points"},
        "height": {"step": 44},
        "encoding": {"y": _ROWS, "color": _backend("color", legend=False)},
        "layer": [
            {
                "mark": {"type": "tick", "thickness": 2, "opacity": 0.65, "height": {"band": 0.6}},
                "encoding": {"x": seconds, "tooltip": _tooltip(*each)},
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
                    "tooltip": _tooltip(*whole, *interval),
                },
            },
        ],
    }


def _ratios() -> Spec:
    few = {"tickCount": 5, "labelOverlap": True}
    ratio = _number("ratio", "ratio of seconds", zero=False, axis=few)
    ratio["scale"] = {"type": "log", "nice": False, "padding": 12}
    fields = (("pair", "pair", ""), ("quantity", "of", ""), ("ratio", "ratio", ".3f"))
    interval = (("low", "95% from", ".3f"), ("high", "to", ".3f"), ("rounds", "rounds", "d"))
    return {
        "data": {"name": "ratios"},
        "transform": [{"calculate": "datum.pair + ', ' + datum.quantity", "as": "name"}],
        "height": {"step": 30},
        "layer": [
            {"mark": {"type": "rule", "strokeDash": [4, 4]}, "encoding": {"x": {"datum": 1}}},
            {
                "mark": {"type": "rule", "strokeWidth": 3, "opacity": 0.55},
                "encoding": {
                    "y": {**_ROWS, "field": "name", "sort": None, "axis": {"labelLimit": 170}},
                    "x": {**ratio, "field": "low"},
                    "x2": {"field": "high"},
                },
            },
            {
                "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
                "encoding": {
                    "y": {**_ROWS, "field": "name", "sort": None, "axis": {"labelLimit": 170}},
                    "x": ratio,
                    "tooltip": _tooltip(*fields, *interval),
                },
            },
        ],
    }


def _elapsed() -> Spec:
    fields = (("backend", "backend", ""), ("epoch", "epoch", "d"), ("seconds", "seconds", ",.1f"))
    return {
        "data": {"name": "elapsed"},
        "height": 230,
        "mark": {"type": "line", "strokeWidth": 2, "point": {"filled": True, "size": 44}},
        "encoding": {
            "x": _number("seconds", "seconds of training so far"),
            "y": _number("val_accuracy", "validation accuracy", zero=False),
            "color": _backend("color", legend=True),
            "shape": _backend("shape", legend=True),
            "tooltip": _tooltip(*fields, ("val_accuracy", "val_accuracy", ".4f")),
        },
    }


def _phases() -> Spec:
    parts = list(PHASE_PARTS)
    return {
        "data": {"name": "phases"},
        "height": {"step": 44},
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


def _memory() -> Spec:
    shades = {"before training": 0.45, "added by training": 1.0, "at the peak": 1.0}
    return {
        "data": {"name": "memory"},
        "height": {"step": 44},
        "mark": _BAR,
        "encoding": {
            "y": _ROWS,
            "x": _number("megabytes", "MB of memory of the process at its peak"),
            "color": _backend("color", legend=False),
            "opacity": {
                "field": "part",
                "type": "nominal",
                "scale": {"domain": list(shades), "range": list(shades.values())},
                "legend": None,
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": _tooltip(
                ("backend", "backend", ""), ("part", "part", ""), ("megabytes", "MB", ",.0f")
            ),
        },
    }


def _work() -> Spec:
    rate = _number("gflops", "GFLOP/s of training")
    return {
        "height": {"step": 44},
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


_OLD: Final = "Records of version 1, or of failed launches alone, cannot tell."

#: The figures of a row by the name under which the page and the tests find them.
CHARTS: Final = {
    "ratios": Chart(
        "Ratios, interleaved",
        "Point: median over the rounds of a race; bar: its 95% interval; dashed: no difference. "
        "Above 1 the first of the two is slower.",
        "ratios",
        "There is no valid race of this row, so no ratio is given.",
        _ratios(),
    ),
    "epochs": Chart(
        "Epoch times",
        "Each tick is one epoch; the mark is the median, its bar the 95% interval over launches, "
        "drawn from 6 launches on. The first epoch of a launch, which compiles, is left out.",
        "points",
        "There is no epoch besides the first one.",
        _epoch_times(),
    ),
    "loss": Chart(
        "Loss",
        "Training dashed, validation solid; medians over the records, shaded from the smallest to "
        "the largest.",
        "curves",
        "No backend has an ok record.",
        _curves("loss"),
    ),
    "accuracy": Chart(
        "Accuracy",
        "As before. Validation can lie above training: it is taken after the epoch, without "
        "dropout.",
        "curves",
        "No backend has an ok record.",
        _curves("accuracy"),
    ),
    "elapsed": Chart(
        "Accuracy against time",
        "Further left is sooner. The time is that of training, the first epoch included and "
        "validation left out.",
        "elapsed",
        "The records have no validation accuracy.",
        _elapsed(),
    ),
    "phases": Chart(
        "Where the time goes",
        "One launch from start to exit; medians over the records, each phase on its own.",
        "phases",
        _OLD,
        _phases(),
    ),
    "memory": Chart(
        "Memory",
        "Largest resident memory of a launch; pale: what it held after importing the backend, "
        "where the record can tell.",
        "memory",
        "No backend has an ok record.",
        _memory(),
    ),
    "work": Chart(
        "Work",
        "Achieved in training; the dashed line is the CPU's measured peak for matrix products.",
        "work",
        "The work was not counted: the records are of version 1, have no epoch besides the first, "
        "or a layer has no counting rule.",
        _work(),
    ),
}
