"""From many gates to series: each cell's ratio to the same anchor, gate after gate."""

from collections.abc import Iterable
from math import exp
from pathlib import Path
from statistics import fmean

import msgspec

from bench.regression.estimators import log_ratios
from bench.regression.pair import Pair
from bench.regression.store import Book, BookError, Expected, GatePlan
from bench.regression.validity import unsound
from bench.regression.verdict import LOOKS


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's wall ratio, candidate over anchor, from the pairs of its first look."""

    gate_id: str
    candidate: str
    ratio: float


class Anchor(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """What all points of a series share: cell, machine, and the baseline it is held against."""

    cell_id: str
    machine_id: str
    workload_source: str
    versions: tuple[tuple[str, str], ...]


def read_series(gates: Path) -> tuple[dict[Anchor, list[Point]], list[str]]:
    """Return the series of all gates in the folder `gates`, and why gates were left out.

    Points are in the order of the gates' ids, which is that of time. Cells that were not soundly
    measured have no point.
    """
    series: dict[Anchor, list[Point]] = {}
    left_out = []
    for path in sorted(gates.glob("*/gate.json")):
        book = Book(path.parent)
        try:
            plan, pairs = book.plan(), book.pairs()
        except BookError as error:
            left_out.append(str(error))
            continue
        for each in plan.expected:
            point = _point(plan, each, pairs)
            if point:
                series.setdefault(_anchor(plan, each), []).append(point)
    return dict(sorted(series.items())), left_out


def _point(plan: GatePlan, each: Expected, pairs: Iterable[Pair]) -> Point | None:
    own = [pair for pair in pairs if (pair.kind, pair.cell_id) == each.key]
    few = len(own) < LOOKS[0]
    if each.kind != "cell" or few or unsound(own, each.baseline, each.candidate):
        return None
    ratio = exp(fmean(log_ratios(own[: LOOKS[0]], "wall")))
    return Point(gate_id=plan.gate_id, candidate=plan.sides[1], ratio=ratio)


def _anchor(plan: GatePlan, each: Expected) -> Anchor:
    return Anchor(
        cell_id=each.cell.id,
        machine_id=str(plan.machine.get("machine_id")),
        workload_source=each.baseline.workload_source,
        versions=tuple(sorted(each.baseline.versions.items())),
    )
