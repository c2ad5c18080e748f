"""From raw rows to tables: what each layer costs on each backend, and the gaps between them."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median, quantiles
from typing import NamedTuple

import msgspec

from bench.profiling.messages import Direction, ProfiledScope, Timing
from bench.profiling.samples import ProcessSamples
from bench.stats.median_ci import Interval, median_confidence_interval


class CostRow(msgspec.Struct, frozen=True):
    """What is timed, in words that are the same on every backend."""

    workload: str
    scope: ProfiledScope
    index: int
    name: str
    layer_class: str
    calls: int
    direction: Direction


class Cost(NamedTuple):
    """One row on one backend: in `rounds` the seconds per step of each round that has them.

    They are the median of that process's repetitions, times the calls in a step. `spread_seconds`
    is the middle one of the processes' interquartile ranges, `share` the part of the backend's own
    step, `reason` why there is nothing.
    """

    row: CostRow
    backend: str
    timing: Timing
    rounds: dict[int, float]
    spread_seconds: float | None
    share: float | None
    reason: str | None

    @property
    def seconds(self) -> float | None:
        """The median over rounds."""
        return median(self.rounds.values()) if self.rounds else None


class Gap(NamedTuple):
    """One row on two backends: the median over rounds of `slower` less and over `faster`.

    Intervals are None where there are too few rounds in which both have it.
    """

    row: CostRow
    slower: str
    faster: str
    rounds: int
    slower_seconds: float
    faster_seconds: float
    difference_seconds: float
    difference: Interval | None
    ratio: Interval | None


class Whole(NamedTuple):
    """How much of a backend's step its layers explain, each timed alone.

    `layers` is their sum, forward and gradient, and the optimizer's update, over the step; `model`
    the whole model's forward and gradient and the update over it. `empty_seconds` is what a call of
    a layer that does nothing costs, `calls` how many calls are in the sum, and `missing` how many
    are not, since they could not be timed.
    """

    workload: str
    backend: str
    rounds: int
    step_seconds: float
    layers: float
    layers_interval: Interval | None
    model: float | None
    empty_seconds: float | None
    calls: int
    missing: int


def costs_of(visits: Sequence[ProcessSamples]) -> list[Cost]:
    """Return a cost per row and backend, in the order of the workloads and of their layers."""
    found: dict[tuple[CostRow, str], dict[int, Timing]] = {}
    for visit in visits:
        for timing in visit.timings:
            found.setdefault((_row(visit.workload, timing), visit.backend), {})[visit.round] = (
                timing
            )
    steps = {
        (row.workload, backend): _seconds(timings)
        for (row, backend), timings in found.items()
        if row.scope == "fit"
    }
    return [
        _cost(row, backend, timings, steps.get((row.workload, backend), {}))
        for (row, backend), timings in found.items()
    ]


def _row(workload: str, timing: Timing) -> CostRow:
    return CostRow(
        workload,
        timing.scope,
        timing.index,
        timing.name,
        timing.layer_class,
        timing.calls,
        timing.direction,
    )


def _seconds(timings: dict[int, Timing]) -> dict[int, float]:
    return {
        number: median(timing.seconds) * timing.calls
        for number, timing in timings.items()
        if timing.seconds
    }


def _cost(row: CostRow, backend: str, timings: dict[int, Timing], steps: dict[int, float]) -> Cost:
    rounds = _seconds(timings)
    shares = [seconds / steps[number] for number, seconds in rounds.items() if number in steps]
    spreads = [_quartile_range(timing.seconds) for timing in timings.values() if timing.seconds]
    reasons = [timing.reason for timing in timings.values() if timing.reason]
    return Cost(
        row=row,
        backend=backend,
        timing=next(iter(timings.values())),
        rounds=rounds,
        spread_seconds=median(spreads) if spreads else None,
        share=median(shares) if shares else None,
        reason=reasons[0] if reasons else None,
    )


def _quartile_range(seconds: Sequence[float]) -> float:
    if len(seconds) < 2:
        return 0.0
    low, _, high = quantiles(seconds, n=4, method="inclusive")
    return high - low


def gaps_of(costs: Sequence[Cost]) -> list[Gap]:
    """Return a gap per pair of backends that share a row in a round, the widest first.

    The two are compared within each round, so that a drift of the machine meets both.
    """
    rows: dict[CostRow, list[Cost]] = {}
    for cost in costs:
        rows.setdefault(cost.row, []).append(cost)
    pairs = (pair for own in rows.values() for pair in combinations(own, 2))
    gaps = [gap for one, other in pairs if (gap := _gap(one, other)) is not None]
    return sorted(gaps, key=lambda gap: -gap.difference_seconds)


def _gap(one: Cost, other: Cost) -> Gap | None:
    shared = sorted(one.rounds.keys() & other.rounds.keys())
    if not shared:
        return None
    slower, faster = one, other
    if median(one.rounds[n] - other.rounds[n] for n in shared) < 0:
        slower, faster = other, one
    above = [slower.rounds[number] for number in shared]
    below = [faster.rounds[number] for number in shared]
    differences = [high - low for high, low in zip(above, below, strict=True)]
    return Gap(
        row=one.row,
        slower=slower.backend,
        faster=faster.backend,
        rounds=len(shared),
        slower_seconds=median(above),
        faster_seconds=median(below),
        difference_seconds=median(differences),
        difference=median_confidence_interval(differences),
        ratio=median_confidence_interval(
            [high / low for high, low in zip(above, below, strict=True)]
        ),
    )


def totals_of(costs: Sequence[Cost]) -> list[Whole]:
    """Return how much of its step each backend's layers explain, for each workload."""
    keys = dict.fromkeys((cost.row.workload, cost.backend) for cost in costs)
    found = []
    for workload, backend in keys:
        own = [c for c in costs if (c.row.workload, c.backend) == (workload, backend)]
        if (whole := _whole(workload, backend, own)) is not None:
            found.append(whole)
    return found


def _whole(workload: str, backend: str, own: Sequence[Cost]) -> Whole | None:
    steps = _rounds(own, "fit", "step")
    layers = [c for c in own if (c.row.scope, c.row.direction) == ("layer", "gradient")]
    update = _rounds(own, "optimizer", "update")
    model = _rounds(own, "model", "gradient")
    timed = [cost for cost in layers if cost.rounds]
    numbers = [n for n in steps if n in update and all(n in cost.rounds for cost in timed)]
    if not numbers:
        return None
    shares = [(sum(c.rounds[n] for c in timed) + update[n]) / steps[n] for n in numbers]
    models = [(model[n] + update[n]) / steps[n] for n in numbers if n in model]
    empty = _rounds(own, "empty", "gradient").values()
    return Whole(
        workload=workload,
        backend=backend,
        rounds=len(numbers),
        step_seconds=median(steps.values()),
        layers=median(shares),
        layers_interval=median_confidence_interval(shares),
        model=median(models) if models else None,
        empty_seconds=median(empty) if empty else None,
        calls=sum(cost.row.calls for cost in timed),
        missing=sum(cost.row.calls for cost in layers if not cost.rounds),
    )


def _rounds(costs: Iterable[Cost], scope: ProfiledScope, direction: Direction) -> dict[int, float]:
    found = (c.rounds for c in costs if (c.row.scope, c.row.direction) == (scope, direction))
    return next(found, {})


def failures_of(visits: Sequence[ProcessSamples]) -> list[str]:
    """Return a sentence for each process that failed."""
    return [
        f"{visit.workload} on {visit.backend}, round {visit.round + 1}: {visit.reason}."
        for visit in visits
        if visit.reason is not None
    ]


def untimed_of(costs: Sequence[Cost]) -> list[str]:
    """Return a sentence for each row that has a reason why it could not be timed in a round."""
    return [
        f"{c.row.workload} on {c.backend}: {c.row.name} ({c.row.direction}) was not timed: "
        f"{c.reason}."
        for c in costs
        if c.reason is not None
    ]


def mismatched_layers(costs: Sequence[Cost]) -> list[str]:
    """Return a sentence for each row of layers that some backends of its workload do not have."""
    backends: dict[str, dict[str, None]] = {}
    rows: dict[CostRow, list[str]] = {}
    for cost in costs:
        backends.setdefault(cost.row.workload, {})[cost.backend] = None
        if (cost.row.scope, cost.row.direction) == ("layer", "gradient"):
            rows.setdefault(cost.row, []).append(cost.backend)
    return [
        f"{row.workload}: layer {row.index}, {row.name}, is on {' and '.join(own)} alone."
        for row, own in rows.items()
        if len(own) < len(backends[row.workload])
    ]
