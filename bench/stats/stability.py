"""The verdict on one ratio of a race, from its seconds per round."""

from collections.abc import Mapping, Sequence
from math import exp, log
from statistics import median
from typing import Final, Literal, NamedTuple

import numpy as np

from bench.stats.median_ci import Interval, median_confidence_interval

#: The largest drift of the calibrations of a race that still gives a ratio; 0.15 is 15%. Beyond it
#: the machine changed too much during the race. Over a quarter of an hour on an idle machine with
#: two cores and unseen neighbours, the calibrations of five races drifted by 8% to 19% from round
#: to round; one busy core makes a GEMM take 1.5 to 2 times as long.
CALIBRATION_BOUND: Final = 0.15

CONFIDENCE: Final = 0.95

#: Decimal places of a ratio: the last digits of log and exp differ between C libraries, and the
#: bytes of a report must not.
_DECIMALS: Final = 9


class RatioVerdict(NamedTuple):
    """The verdict of a race on two contenders; `ratio` is None exactly when `status` is not "ok".

    `rounds` counts the rounds in which both have a time, `rounds_failed` the others in which at
    least one ran.
    """

    status: Literal["ok", "unstable", "too few rounds"]
    rounds: int
    rounds_failed: int
    ratio: Interval | None


def drift(calibrations_seconds: Sequence[float]) -> float | None:
    """Return the drift of calibrations: 0.1 is 10%.

    That is their 90th percentile over their 10th, minus 1; percentiles are linear between the
    order statistics (NumPy's default). None without a calibration.
    """
    if not calibrations_seconds:
        return None
    low, high = np.quantile(calibrations_seconds, [0.1, 0.9])
    return float(high / low) - 1


def race_drift(calibrations: Sequence[tuple[int, str, float]]) -> float | None:
    """Return the drift of a race's calibrations, given as (round, contender, seconds).

    It is the larger of two values: the drift of the rounds' medians, and the largest over the
    smallest of the contenders' medians, minus 1. A single calibration of a quarter of a second
    varies by a tenth through noise alone, and the interval over rounds covers a disturbance of a
    single launch. A ratio would be shifted unseen by a machine that changed between rounds, or that
    was slower whenever the same contender ran. None without a calibration.
    """
    if not calibrations:
        return None
    rounds: dict[int, list[float]] = {}
    contenders: dict[str, list[float]] = {}
    for number, contender, seconds in calibrations:
        rounds.setdefault(number, []).append(seconds)
        contenders.setdefault(contender, []).append(seconds)
    medians = [median(found) for found in contenders.values()]
    between_rounds = drift([median(found) for found in rounds.values()])
    return max(between_rounds or 0.0, max(medians) / min(medians) - 1)


def judge_ratio(
    numerator: Mapping[int, float | None],
    denominator: Mapping[int, float | None],
    drifts: Sequence[float | None],
) -> RatioVerdict:
    """Return the ratio of two contenders' seconds, given by round.

    None stands for a launch that failed, and 0 for a phase without a time to compare.

    The ratio is exp of the median over rounds of log(numerator) - log(denominator), so that each
    time is compared with the one measured next to it; its interval is that median's, also exp. It
    holds the true ratio with CONFIDENCE. There is none when one of `drifts` is unknown or above
    CALIBRATION_BOUND: a calibration may invalidate a comparison, it never corrects one.
    """
    logs = [
        log(above) - log(below)
        for number in sorted(numerator.keys() & denominator.keys())
        if (above := numerator[number]) and (below := denominator[number])
    ]
    failed = len(numerator.keys() | denominator.keys()) - len(logs)
    interval = median_confidence_interval(logs, CONFIDENCE)
    if interval is None:
        return RatioVerdict("too few rounds", len(logs), failed, None)
    if not is_steady(drifts):
        return RatioVerdict("unstable", len(logs), failed, None)
    middle, low, high = (round(exp(value), _DECIMALS) for value in interval[:3])
    return RatioVerdict("ok", len(logs), failed, Interval(middle, low, high, CONFIDENCE))


def is_steady(drifts: Sequence[float | None]) -> bool:
    """Return whether all drifts are known and within CALIBRATION_BOUND."""
    return all(value is not None and value <= CALIBRATION_BOUND for value in drifts)
