"""Changes over many gates with one baseline: series, change points and their report."""

from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from math import exp
from pathlib import Path
from statistics import fmean
from typing import Final

import msgspec
import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.text import BenchError, sanitize_line
from bench.regression.estimators import log_ratios
from bench.regression.pair import Pair
from bench.regression.store import Expected, GatePlan, GateStore, GateStoreError
from bench.regression.validity import invalid_reason
from bench.regression.verdict import INTERIM_LOOKS

#: Otava's own default is 0.001. Changes smaller than the noise threshold are not reported.
MAX_P_VALUE: Final = 0.001
LEAST_CHANGE: Final = 0.02
_METRIC: Final = "ratio"


class TrendMissingError(BenchError):
    """Apache Otava is not installed in this environment."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From point `index` on (from 0) the mean ratio is `after` instead of `before`."""

    index: int
    before: float
    after: float
    p_value: float


def check_otava() -> None:
    """Raise TrendMissingError unless change points can be found here."""
    if find_spec("otava") is None:
        raise TrendMissingError(
            "Change points need Apache Otava, which is not installed here: use `tox -e trend`."
        )


def find_changes(ratios: Sequence[float]) -> list[Change]:
    """Return the change points of a series of ratios, in its order.

    Otava's E-divisive means with t tests (P. Fleming et al., "Hunter: Using change point detection
    to hunt for performance regressions", ICPE 2023) judges relative changes, so it
    needs ratios, not their logarithms.
    """
    from otava.series import AnalysisOptions, Metric, Series

    options = AnalysisOptions()
    options.max_pvalue, options.min_magnitude = MAX_P_VALUE, LEAST_CHANGE
    series = Series(
        "", None, list(range(len(ratios))), {_METRIC: Metric()}, {_METRIC: list(ratios)}, {}
    )
    return [
        Change(
            index=int(change.index),
            before=float(change.mean_before()),
            after=float(change.mean_after()),
            p_value=float(change.pvalue()),
        )
        for change in series.analyze(options).change_points[_METRIC]
    ]


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's wall ratio, candidate over anchor, from the pairs of its first look."""

    gate_id: str
    candidate: str
    ratio: float


class Anchor(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """The facts that all points of a series share: the cell, the machine and the baseline."""

    cell_id: str
    machine_id: str
    workload_source: str
    versions: tuple[tuple[str, str], ...]


def read_series(gates: Path) -> tuple[dict[Anchor, list[Point]], list[str]]:
    """Return the series of all gates in the folder `gates`, and the reasons of skipped gates.

    Points are in the order of the gates' ids, which is chronological. Cells with invalid
    measurements have no point.
    """
    series: dict[Anchor, list[Point]] = {}
    skipped = []
    for path in sorted(gates.glob("*/gate.json")):
        store = GateStore(path.parent)
        try:
            plan, pairs = store.plan(), store.pairs()
        except GateStoreError as error:
            skipped.append(str(error))
            continue
        for each in plan.expected:
            point = _point(plan, each, pairs)
            if point:
                series.setdefault(_anchor(plan, each), []).append(point)
    return dict(sorted(series.items())), skipped


def _point(plan: GatePlan, each: Expected, pairs: Iterable[Pair]) -> Point | None:
    cell_pairs = [pair for pair in pairs if (pair.kind, pair.cell_id) == each.key]
    too_few = len(cell_pairs) < INTERIM_LOOKS[0]
    if each.kind != "cell" or too_few or invalid_reason(cell_pairs, each.baseline, each.candidate):
        return None
    ratio = exp(fmean(log_ratios(cell_pairs[: INTERIM_LOOKS[0]], "wall")))
    return Point(gate_id=plan.gate_id, candidate=plan.sides[1], ratio=ratio)


def _anchor(plan: GatePlan, each: Expected) -> Anchor:
    return Anchor(
        cell_id=each.cell.id,
        machine_id=str(plan.machine.get("machine_id")),
        workload_source=each.baseline.workload_source,
        versions=tuple(sorted(each.baseline.versions.items())),
    )


Trends = Mapping[Anchor, tuple[Sequence[Point], Sequence[Change]]]

_COLUMNS = (
    *("cell_id", "machine_id", "anchor", "gate_id", "candidate", "ratio"),
    *("change", "before", "after", "p_value"),
)


def trend_frame(trends: Trends) -> pd.DataFrame:
    """Return a row per gate of each series; `change` is true at a change point.

    `before` and `after` are then the mean ratios on its two sides.
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
            table.add_row(*(Text(sanitize_line(cell)) for cell in (*name, *row)))
    return table


def _versions(anchor: Anchor) -> str:
    return ", ".join(f"{name} {version}" for name, version in anchor.versions)
