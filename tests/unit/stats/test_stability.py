"""The verdict on one ratio: what is compared with what, and when there is none."""

import math

import pytest

from bench.stats.stability import CALIBRATION_BOUND, drift, is_steady, judge_ratio

STEADY = [0.0, CALIBRATION_BOUND]


def rounds(*seconds: float | None) -> dict[int, float | None]:
    return dict(enumerate(seconds))


def test_each_round_is_compared_with_itself_so_that_drift_cancels() -> None:
    drift = [1.0, 1.5, 2.0, 4.0, 8.0, 3.0, 1.0]
    verdict = judge_ratio(rounds(*(3 * d for d in drift)), rounds(*(2 * d for d in drift)), STEADY)
    assert verdict.status == "ok"
    assert verdict.ratio == (1.5, 1.5, 1.5, 0.95)


def test_the_ratio_turned_round_is_its_inverse() -> None:
    above, below = rounds(2, 3, 5, 4, 6, 7, 3), rounds(1, 2, 2, 3, 3, 4, 1)
    there, back = judge_ratio(above, below, STEADY).ratio, judge_ratio(below, above, STEADY).ratio
    assert there is not None and back is not None
    inverse = (1 / there.median, 1 / there.high, 1 / there.low)
    assert back[:3] == pytest.approx(inverse)


def test_one_spike_moves_neither_the_ratio_nor_its_interval() -> None:
    quiet = judge_ratio(rounds(*[2.0] * 10), rounds(*[1.0] * 10), STEADY)
    spiked = judge_ratio(rounds(*[2.0] * 9, 9.0), rounds(*[1.0] * 10), STEADY)
    assert spiked.ratio == quiet.ratio


def test_a_round_counts_where_both_have_a_time_and_the_others_are_counted_as_failed() -> None:
    above = rounds(2.0, None, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0)
    below = {0: 1.0, 1: 1.0, 2: None, 3: 1.0, 4: 1.0, 5: 1.0, 6: 1.0}  # interrupted in round 7
    verdict = judge_ratio(above, below, STEADY)
    assert (verdict.status, verdict.rounds, verdict.rounds_failed) == ("too few rounds", 5, 3)
    assert verdict.ratio is None
    assert judge_ratio({**above, 1: 2.0}, below, STEADY).status == "ok"


@pytest.mark.parametrize(
    "drifts",
    [[0.0, CALIBRATION_BOUND * 1.01], [CALIBRATION_BOUND * 1.01, 0.0], [0.0, None], [None, None]],
)
def test_a_calibration_that_moved_or_is_missing_invalidates_and_never_corrects(
    drifts: list[float | None],
) -> None:
    verdict = judge_ratio(rounds(*[2.0] * 6), rounds(*[1.0] * 6), drifts)
    assert (verdict.status, verdict.rounds, verdict.ratio) == ("unstable", 6, None)
    assert not is_steady(drifts)


def test_the_drift_is_the_ninetieth_percentile_over_the_tenth() -> None:
    """Of 11 values the 10th percentile is the second smallest, the 90th the second largest."""
    seconds = [0.1, 1.0, 1.0, 1.0, 1.1, 1.1, 1.1, 1.2, 1.2, 1.3, 50.0]
    assert drift(seconds) == pytest.approx(0.3)
    assert drift([2.0]) == 0
    assert drift([]) is None


def test_the_last_digits_of_a_ratio_do_not_depend_on_the_c_library() -> None:
    verdict = judge_ratio(rounds(*[math.pi] * 6), rounds(*[math.e] * 6), STEADY)
    assert verdict.ratio is not None
    assert verdict.ratio.median == round(math.pi / math.e, 9)
