"""Simulated races on a machine that drifts, spikes and gets busy: how often the interval holds."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import combinations
from math import pi, sin

import numpy as np
import pytest

from bench.stats.stability import RatioVerdict, judge_ratio, race_drift

RACES, ROUNDS, EPOCHS = 1000, 10, 4

#: Seconds of an epoch on the undisturbed machine.
TRUE_SECONDS = {"a": 3.0, "b": 2.0, "c": 2.1}
PAIRS = tuple(combinations(TRUE_SECONDS, 2))
#: How long a race takes on the undisturbed machine.
RACE_SECONDS = ROUNDS * EPOCHS * sum(TRUE_SECONDS.values())

#: What the machine's times are multiplied by, from the seconds since the race began.
Slowdown = Callable[[float], float]


class FakeMachine:
    """A machine with a clock of its own: what runs on it takes its true time, disturbed.

    A launch meets a spike with `spike_chance`: it and the calibration beside it are then 1.5 to 3
    times slower.
    """

    def __init__(self, random: np.random.Generator, slowdown: Slowdown, spike_chance: float):
        self.now = 0.0
        self._random = random
        self._slowdown = slowdown
        self._spike_chance = spike_chance

    def launch(self, true_seconds: float, sensitivity: float) -> tuple[float, float]:
        """Return the epoch seconds of a launch, and those of the calibration beside it.

        `sensitivity` is the power with which the launch feels the slowdown of the machine.
        """
        slow = self._slowdown(self.now)
        if self._random.random() < self._spike_chance:
            slow *= self._random.uniform(1.5, 3.0)
        seconds = true_seconds * slow**sensitivity * self._random.lognormal(0.0, 0.04)
        calibration = 0.05 * slow * self._random.lognormal(0.0, 0.02)
        self.now += EPOCHS * seconds
        return seconds, calibration


def race(machine: FakeMachine, sensitivities: Mapping[str, float]) -> list[RatioVerdict]:
    """Return the verdict on each of PAIRS after the rounds A B C, C B A, …."""
    seconds: dict[str, dict[int, float | None]] = {name: {} for name in TRUE_SECONDS}
    calibrations = []
    for number in range(ROUNDS):
        for name in TRUE_SECONDS if number % 2 == 0 else reversed(TRUE_SECONDS):
            taken = machine.launch(TRUE_SECONDS[name], sensitivities.get(name, 1.0))
            seconds[name][number], beside = taken
            calibrations.append((number, name, beside))
    moved = race_drift(calibrations)
    return [judge_ratio(seconds[above], seconds[below], [moved]) for above, below in PAIRS]


def outcomes(
    slowdown: Callable[[np.random.Generator], Slowdown],
    *,
    spike_chance: float,
    sensitivities: Mapping[str, float] | None = None,
) -> dict[tuple[str, str], Counter[str]]:
    """Return for each pair how many of RACES races ended "unstable", and covered or missed."""
    counts = {pair: Counter[str]() for pair in PAIRS}
    for seed in range(RACES):
        random = np.random.default_rng(seed)
        machine = FakeMachine(random, slowdown(random), spike_chance)
        for pair, verdict in zip(PAIRS, race(machine, sensitivities or {}), strict=True):
            counts[pair][_outcome(verdict, TRUE_SECONDS[pair[0]] / TRUE_SECONDS[pair[1]])] += 1
    return counts


def _outcome(verdict: RatioVerdict, truth: float) -> str:
    if verdict.ratio is None:
        return verdict.status
    return "covered" if verdict.ratio.low <= truth <= verdict.ratio.high else "missed"


def steady(_: np.random.Generator) -> Slowdown:
    return lambda now: 1.0


def linear(random: np.random.Generator) -> Slowdown:
    """5% to 10% slower or faster at the end of the race than at its begin."""
    change = random.uniform(0.05, 0.1) * random.choice([-1, 1])
    return lambda now: 1 + change * now / RACE_SECONDS


def sinusoid(random: np.random.Generator) -> Slowdown:
    """5% to 10% between the slowest and the fastest moment, in half a wave to three waves."""
    half, waves = random.uniform(0.025, 0.05), random.uniform(0.5, 3.0)
    phase = random.uniform(0, 2 * pi)
    return lambda now: 1 + half * sin(2 * pi * waves * now / RACE_SECONDS + phase)


def busy_half(random: np.random.Generator) -> Slowdown:
    """1.8 times slower until about half of the rounds are done, or from then on."""
    if random.random() < 0.5:
        return lambda now: 1.8 if now < 1.8 * RACE_SECONDS / 2 else 1.0
    return lambda now: 1.8 if now >= RACE_SECONDS / 2 else 1.0


@pytest.mark.parametrize("slowdown", [steady, linear, sinusoid])
@pytest.mark.parametrize("spike_chance", [0.0, 0.05])
def test_the_interval_holds_the_true_ratio_in_93_of_100_races(
    slowdown: Callable[[np.random.Generator], Slowdown], spike_chance: float
) -> None:
    for pair, counts in outcomes(slowdown, spike_chance=spike_chance).items():
        with_ratio = counts["covered"] + counts["missed"]
        assert with_ratio > RACES / 4, pair
        assert counts["covered"] >= 0.93 * with_ratio, pair


def test_a_race_on_a_machine_that_is_busy_half_of_the_time_gives_no_ratio() -> None:
    """The load slows b more and c less than the calibration, so that it shifts each ratio."""
    unequal = {"b": 1.3, "c": 0.7}
    for pair, counts in outcomes(busy_half, spike_chance=0.03, sensitivities=unequal).items():
        assert counts["missed"] == 0, pair
        assert counts["unstable"] >= 0.99 * RACES, pair
