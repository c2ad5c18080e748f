"""The interval of a median: what it promises, and how often it keeps the promise."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.median_ci import ConfidenceError, median_confidence_interval

values = st.lists(st.integers(-(10**6), 10**6).map(float), min_size=6, max_size=40)


def test_with_ten_values_the_ends_lie_between_the_second_and_the_third_order_statistic() -> None:
    """By hand: c[2] = 1002/1024 and c[3] = 912/1024, so i = 29.2/90 and w = 8 i / (2 + 6 i)."""
    weight = 8 * (29.2 / 90) / (2 + 6 * (29.2 / 90))
    interval = median_confidence_interval([float(value) for value in range(1, 11)])
    assert interval is not None
    assert interval.median == 5.5
    assert interval.low == pytest.approx(2 + weight)
    assert interval.high == pytest.approx(9 - weight)
    assert interval.confidence == 0.95


def test_where_an_order_statistic_has_the_confidence_it_is_taken_as_it_is() -> None:
    interval = median_confidence_interval([1.0, 2.0, 4.0, 8.0, 16.0, 32.0], confidence=1 - 2 / 2**6)
    assert interval is not None
    assert interval[:3] == (6.0, 1.0, 32.0)


@pytest.mark.parametrize(("n", "enough"), [(0, False), (1, False), (5, False), (6, True)])
def test_at_95_percent_it_takes_six_values(n: int, enough: bool) -> None:
    assert (median_confidence_interval([1.0] * n) is not None) == enough


def test_less_confidence_takes_fewer_values_and_gives_a_narrower_interval() -> None:
    assert median_confidence_interval([1.0, 2.0], confidence=0.5) == (1.5, 1.0, 2.0, 0.5)
    ten = [float(value) for value in range(10)]
    wide, narrow = median_confidence_interval(ten, 0.99), median_confidence_interval(ten, 0.9)
    assert wide is not None and narrow is not None
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize("confidence", [-1.0, 0.0, 0.49, 1.0, 95.0, math.nan])
def test_a_confidence_that_no_interval_has_is_refused(confidence: float) -> None:
    with pytest.raises(ConfidenceError, match="allowed is from"):
        median_confidence_interval([1.0] * 9, confidence)


@given(values)
def test_the_median_is_in_its_interval_and_the_interval_in_the_values(sample: list[float]) -> None:
    interval = median_confidence_interval(sample)
    assert interval is not None
    assert min(sample) <= interval.low <= interval.median <= interval.high <= max(sample)


@given(values, st.integers(-1000, 1000), st.sampled_from([-4, -1, 0.5, 2, 64]))
def test_a_shift_and_a_scale_of_the_values_shift_and_scale_the_interval(
    sample: list[float], shift: int, scale: float
) -> None:
    before = median_confidence_interval(sample)
    after = median_confidence_interval([shift + scale * value for value in sample])
    assert before is not None and after is not None
    ends = sorted([shift + scale * before.low, shift + scale * before.high])
    assert after.median == pytest.approx(shift + scale * before.median, rel=1e-9, abs=1e-6)
    assert [after.low, after.high] == pytest.approx(ends, rel=1e-9, abs=1e-6)


@given(st.data())
def test_the_order_of_the_values_does_not_matter(data: st.DataObject) -> None:
    sample = data.draw(values)
    shuffled = data.draw(st.permutations(sample))
    assert median_confidence_interval(shuffled) == median_confidence_interval(sample)


def _mixture(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    spiked = random.random(size) < 0.2
    return random.normal(0.0, np.where(spiked, 10.0, 1.0))


DISTRIBUTIONS: dict[str, tuple[Callable[..., np.ndarray], float]] = {
    "normal": (lambda random, size: random.normal(3.0, 2.0, size), 3.0),
    "lognormal": (lambda random, size: random.lognormal(0.0, 1.0, size), 1.0),
    "mixture": (_mixture, 0.0),
}


@pytest.mark.parametrize("n", [6, 7, 10, 15, 30])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_it_holds_the_true_median_as_often_as_it_says(name: str, n: int) -> None:
    """Within four standard deviations of a binomial count of 2,000 trials."""
    draw, truth = DISTRIBUTIONS[name]
    trials, confidence = 2000, 0.95
    held = 0
    for sample in draw(np.random.default_rng(n), (trials, n)):
        interval = median_confidence_interval(sample.tolist(), confidence)
        assert interval is not None
        held += interval.low <= truth <= interval.high
    bound = 4 * math.sqrt(confidence * (1 - confidence) / trials)
    assert abs(held / trials - confidence) < bound
