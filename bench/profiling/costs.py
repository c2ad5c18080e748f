"""From raw rows to tables: the cost of each layer on each backend, and the gaps between them."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median, quantiles
from typing import NamedTuple

import msgspec

from bench.profiling.messages import Direction, ProfiledScope, Timing
from bench.profiling.samples import ProcessSamples
from bench.stats.median_ci import Interval, median_confidence_interval


class CostRow(msgspec.Struct, frozen=True):
    """The identity of a timed row, equal on every backend."""

    workload: str
    scope: ProfiledScope
    index: int
    name: str
    layer_class: str
    calls: int
    direction: Direction


class Cost(NamedTuple):
    """One row on one backend; `rounds` maps each timed round to its seconds per step.

    They are the median of that process's repetitions, multiplied by the calls in a step.
    `spread_seconds` is the median of the processes' interquartile ranges, `share` the fraction of
    the backend's own step, `reason` the explanation for a round without a time.
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
    """One row on two backends, with the difference and the ratio of `slower` to `faster`.

    All are medians over the rounds in which both have a time; intervals are None if these rounds
    are too few.
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


class StepCoverage(NamedTuple):
    """The fraction of a backend's step that its layers, each timed alone, account for.

    `layers` is the sum of their forward and gradient passes plus the optimizer's update, divided by
    the step. `model` is the same for the whole model's forward and gradient pass. `empty_seconds`
    is the cost of a call of a layer that does nothing. `calls` counts the calls in the sum,
    `missing` those that could not be timed.
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


def costs_of(samples: Sequence[ProcessSamples]) -> list[Cost]:
    """Return a cost per row and backend, in the order of the workloads and of their layers."""
    timings_by_row: dict[tuple[CostRow, str], dict[int, Timing]] = {}
    for process in samples:
        for timing in process.timings:
            key = _row(process.workload, timing), process.backend
            timings_by_row.setdefault(key, {})[process.round] = timing
    steps = {
        (row.workload, backend): _seconds(timings)
        for (row, backend), timings in timings_by_row.items()
        if row.scope == "fit"
    }
    return [
        _cost(row, backend, timings, steps.get((row.workload, backend), {}))
        for (row, backend), timings in timings_by_row.items()
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
    """Return a gap per row and pair of backends with a common round, the largest first.

    The two are compared within each round, so that drift of the machine affects both.
    """
    rows: dict[CostRow, list[Cost]] = {}
    for cost in costs:
        rows.setdefault(cost.row, []).append(cost)
    pairs = (pair for row_costs in rows.values() for pair in combinations(row_costs, 2))
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


def step_coverages(costs: Sequence[Cost]) -> list[StepCoverage]:
    """Return the coverage of the step by layers for each workload and backend."""
    keys = dict.fromkeys((cost.row.workload, cost.backend) for cost in costs)
    coverages = []
    for workload, backend in keys:
        selected = [c for c in costs if (c.row.workload, c.backend) == (workload, backend)]
        if (coverage := _coverage(workload, backend, selected)) is not None:
            coverages.append(coverage)
    return coverages


def _coverage(workload: str, backend: str, costs: Sequence[Cost]) -> StepCoverage | None:
    steps = _rounds(costs, "fit", "step")
    layers = [c for c in costs if (c.row.scope, c.row.direction) == ("layer", "gradient")]
    update = _rounds(costs, "optimizer", "update")
    model = _rounds(costs, "model", "gradient")
    timed = [cost for cost in layers if cost.rounds]
    numbers = [n for n in steps if n in update and all(n in cost.rounds for cost in timed)]
    if not numbers:
        return None
    shares = [(sum(c.rounds[n] for c in timed) + update[n]) / steps[n] for n in numbers]
    models = [(model[n] + update[n]) / steps[n] for n in numbers if n in model]
    empty = _rounds(costs, "empty", "gradient").values()
    return StepCoverage(
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
    matches = (c.rounds for c in costs if (c.row.scope, c.row.direction) == (scope, direction))
    return next(matches, {})


def failures_of(samples: Sequence[ProcessSamples]) -> list[str]:
    """Return a sentence for each process that failed."""
    return [
        f"{process.workload} on {process.backend}, round {process.round + 1}: {process.reason}."
        for process in samples
        if process.reason is not None
    ]


def untimed_of(costs: Sequence[Cost]) -> list[str]:
    """Return a sentence for each row that could not be timed in some round."""
    return [
        f"{c.row.workload} on {c.backend}: {c.row.name} ({c.row.direction}) was not timed: "
        f"{c.reason}."
        for c in costs
        if c.reason is not None
    ]


def mismatched_layers(costs: Sequence[Cost]) -> list[str]:
    """Return a sentence for each layer row that some backends of its workload lack."""
    backends: dict[str, dict[str, None]] = {}
    rows: dict[CostRow, list[str]] = {}
    for cost in costs:
        backends.setdefault(cost.row.workload, {})[cost.backend] = None
        if (cost.row.scope, cost.row.direction) == ("layer", "gradient"):
            rows.setdefault(cost.row, []).append(cost.backend)
    return [
        f"{row.workload}: layer {row.index}, {row.name}, is only on {' and '.join(present)}."
        for row, present in rows.items()
        if len(present) < len(backends[row.workload])
    ]
