"""The columns of layers.csv and gaps.csv, and their rows."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from bench.profiling.costs import Cost, CostRow, Gap
from bench.report.tables.columns import Column, make_frame
from bench.stats.median_ci import Interval, median_confidence_interval

_ROW: Final = (
    Column("workload", "string", "name of the workload"),
    Column(
        "scope", "string", "`layer`, the whole `model`, the `optimizer`, `fit` or an `empty` call"
    ),
    Column("index", "Int64", "number of the layer call in the model, from 0"),
    Column("layer", "string", "the layer's name"),
    Column("layer_class", "string", "the layer's class"),
    Column(
        "calls",
        "Int64",
        "number of calls in a step that do this work; the row holds their total time",
    ),
    Column("direction", "string", "`forward`, `gradient` (with forward), `update` or `step`"),
)
LAYERS_COLUMNS: Final = (
    *_ROW,
    Column("shared_with", "string", "layers of the other calls that do the same work"),
    Column("inputs", "string", "shapes and types of its input tensors"),
    Column(
        "gradient_of",
        "string",
        "tensors whose gradient a training step needs: `weights`, `inputs`, both or none",
    ),
    Column("backend", "string", "`jax`, `tensorflow` or `torch`"),
    Column("rounds", "Int64", "number of rounds that have a time"),
    Column("ms", "Float64", "milliseconds of a step: median over rounds of a process's median"),
    Column("ms_low", "Float64", "lower end of the 95% interval of `ms`"),
    Column("ms_high", "Float64", "upper end of the 95% interval of `ms`"),
    Column("spread_ms", "Float64", "interquartile range of one call's repetitions in a process"),
    Column("share_of_step", "Float64", "fraction of this backend's own step"),
    Column("reason", "string", "why a round has no time"),
)
GAPS_COLUMNS: Final = (
    *_ROW,
    Column("slower", "string", "the slower backend of the pair"),
    Column("faster", "string", "the faster backend of the pair"),
    Column("rounds", "Int64", "number of rounds in which both have a time"),
    Column("slower_ms", "Float64", "milliseconds of a step on the slower backend"),
    Column("faster_ms", "Float64", "milliseconds of a step on the faster backend"),
    Column("difference_ms", "Float64", "median over rounds of the difference"),
    Column("difference_ms_low", "Float64", "lower end of its 95% interval"),
    Column("difference_ms_high", "Float64", "upper end of its 95% interval"),
    Column("ratio", "Float64", "median over rounds of the ratio; empty without an interval"),
    Column("ratio_low", "Float64", "lower end of the ratio's 95% interval"),
    Column("ratio_high", "Float64", "upper end of the ratio's 95% interval"),
)


def layers_frame(costs: Sequence[Cost]) -> pd.DataFrame:
    """Return a row per workload, layer, direction and backend; times are milliseconds per step."""
    return make_frame([_layer_row(cost) for cost in costs], LAYERS_COLUMNS)


def gaps_frame(gaps: Sequence[Gap]) -> pd.DataFrame:
    """Return a row per pair of backends and layer row, the largest difference first."""
    return make_frame([_gap_row(gap) for gap in gaps], GAPS_COLUMNS)


def _facts(row: CostRow) -> dict[str, object]:
    return {
        "workload": row.workload,
        "scope": row.scope,
        "index": row.index,
        "layer": row.name,
        "layer_class": row.layer_class,
        "calls": row.calls,
        "direction": row.direction,
    }


def _layer_row(cost: Cost) -> dict[str, object]:
    return {
        **_facts(cost.row),
        "shared_with": " ".join(cost.timing.shared_with),
        "inputs": cost.timing.inputs,
        "gradient_of": cost.timing.gradient_of,
        "backend": cost.backend,
        "rounds": len(cost.rounds),
        "ms": _ms(cost.seconds),
        **_ends("ms", median_confidence_interval(list(cost.rounds.values())), 1000),
        "spread_ms": _ms(cost.spread_seconds),
        "share_of_step": cost.share,
        "reason": cost.reason,
    }


def _gap_row(gap: Gap) -> dict[str, object]:
    return {
        **_facts(gap.row),
        "slower": gap.slower,
        "faster": gap.faster,
        "rounds": gap.rounds,
        "slower_ms": _ms(gap.slower_seconds),
        "faster_ms": _ms(gap.faster_seconds),
        "difference_ms": _ms(gap.difference_seconds),
        **_ends("difference_ms", gap.difference, 1000),
        "ratio": gap.ratio.median if gap.ratio else None,
        **_ends("ratio", gap.ratio, 1),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _ends(name: str, interval: Interval | None, scale: float) -> dict[str, object]:
    if interval is None:
        return {}
    return {f"{name}_low": interval.low * scale, f"{name}_high": interval.high * scale}
