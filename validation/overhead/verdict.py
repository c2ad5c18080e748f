"""From pairs to the cost of the harness: a median, its interval, and a verdict on the target."""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import Final, Literal, NamedTuple

import msgspec

from bench.stats.median_ci import Interval, median_confidence_interval
from validation.overhead.pairs import CostKind, CostPair

#: The length of the epoch for which the callback's cost is reported. It is a short one: epochs of
#: the suite `race` on 2 cores last 2 to 6 s.
_EPOCH_SECONDS: Final = 1.0


class CostTarget(NamedTuple):
    """A quantity computed from the pairs of one kind, and the target range of its interval."""

    quantity: str
    kind: CostKind
    interval_of: Callable[[Sequence[CostPair]], Interval | None]
    low: float
    high: float
    write: Callable[[float], str]
    text: str


class CostVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one target from one backend's `n` pairs.

    `met` and `missed` mean that the whole interval lies inside or outside the target, `undecided`
    that it contains an edge of the target, `too few` that the pairs are too few for an interval.
    """

    backend: str
    target: CostTarget
    n: int
    interval: Interval | None
    verdict: Literal["met", "missed", "undecided", "too few"]

    @property
    def figure(self) -> str:
        """The median with its interval, formatted; neither is shown without the other."""
        if self.interval is None:
            return "no interval"
        median, low, high = (self.target.write(value) for value in self.interval[:3])
        return f"{median} [{low} to {high}]"


def epoch_ratio(pairs: Sequence[CostPair]) -> Interval | None:
    """Return the length of an epoch of _EPOCH_SECONDS with our callback, relative to one without.

    The callback does the same few operations in an epoch of any length. In a step it only appends
    a clock reading to a list of two. Its cost is therefore measured as `seconds_added` on epochs
    as short as possible, where it is the largest fraction.
    """
    added = seconds_added(pairs)
    if added is None:
        return None
    median, low, high = (1 + seconds / _EPOCH_SECONDS for seconds in added[:3])
    return added._replace(median=median, low=low, high=high)


def seconds_added(pairs: Sequence[CostPair]) -> Interval | None:
    """Return the median of harness minus plain, in seconds, with its 95% interval."""
    return median_confidence_interval([pair.seconds_harness - pair.seconds_plain for pair in pairs])


def parent_share(pairs: Sequence[CostPair]) -> Interval | None:
    """Return the median share of one core that this process used while its worker ran."""
    return median_confidence_interval(
        [(pair.parent_cpu_seconds or 0.0) / pair.seconds_harness for pair in pairs]
    )


TARGETS: Final = (
    CostTarget(
        quantity="epoch of 1 s, ours / plain",
        kind="callbacks",
        interval_of=epoch_ratio,
        low=0.99,
        high=1.01,
        write="{:.4f}".format,
        text="0.99 to 1.01",
    ),
    CostTarget(
        quantity="seconds added to a launch",
        kind="launch",
        interval_of=seconds_added,
        low=-inf,
        high=0.5,
        write="{:+.2f}".format,
        text="at most 0.5",
    ),
    CostTarget(
        quantity="parent's share of a core",
        kind="launch",
        interval_of=parent_share,
        low=0.0,
        high=0.01,
        write="{:.3%}".format,
        text="under 1%",
    ),
)


def judge_cost(pairs: Iterable[CostPair]) -> list[CostVerdict]:
    """Return a verdict per backend and target with pairs, in the pairs' order."""
    groups: dict[tuple[str, CostKind], list[CostPair]] = {}
    for pair in pairs:
        groups.setdefault((pair.backend, pair.kind), []).append(pair)
    return [
        _verdict(backend, target, group)
        for (backend, kind), group in groups.items()
        for target in TARGETS
        if target.kind == kind
    ]


def _verdict(backend: str, target: CostTarget, pairs: Sequence[CostPair]) -> CostVerdict:
    interval = target.interval_of(pairs)
    verdict: Literal["met", "missed", "undecided", "too few"]
    if interval is None:
        verdict = "too few"
    elif target.low <= interval.low and interval.high <= target.high:
        verdict = "met"
    elif interval.low > target.high or interval.high < target.low:
        verdict = "missed"
    else:
        verdict = "undecided"
    return CostVerdict(
        backend=backend, target=target, n=len(pairs), interval=interval, verdict=verdict
    )
