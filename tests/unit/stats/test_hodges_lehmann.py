"""The shift between two samples: the published critical values, and how often it is right."""

from random import Random

import pytest

from bench.stats.hodges_lehmann import _orders, _rank, hodges_lehmann_interval


@pytest.mark.parametrize(
    ("m", "n", "critical"),
    # Mann and Whitney's U at 5%, two-sided, as any table of it gives: U <= critical is rejected.
    [(4, 4, 0), (5, 5, 2), (6, 6, 5), (6, 8, 8), (10, 10, 23), (12, 7, 18), (20, 20, 127)],
)
def test_the_ranks_are_those_of_the_published_tables(m: int, n: int, critical: int) -> None:
    assert _rank(m, n, 0.025) == _rank(n, m, 0.025) == critical + 1
    below, above = [100.0 * i for i in range(m)], [float(i) for i in range(n)]
    differences = sorted(y - x for y in above for x in below)
    shift = hodges_lehmann_interval(below, above)
    assert shift is not None
    assert (shift.low, shift.high) == (differences[critical], differences[-critical - 1])


@pytest.mark.parametrize(("m", "n"), [(0, 0), (0, 9), (1, 20), (3, 3)])
def test_too_few_values_have_no_interval(m: int, n: int) -> None:
    assert hodges_lehmann_interval([1.0] * m, [2.0] * n) is None


def test_the_number_of_orders_is_right_for_two_and_two_values() -> None:
    assert _orders(2, 2) == [1, 1, 2]


def test_the_normal_distribution_continues_the_exact_one() -> None:
    exact = _rank(100, 100, 0.025)
    assert abs(_rank(100, 101, 0.025) - exact * 1.01) < 20
    assert _rank(100, 101, 0.025) > exact


def test_the_shift_turns_with_the_sides_and_equal_samples_have_none() -> None:
    a, b = [1.0, 1.5, 1.25, 1.75, 2.0, 2.5], [3.0, 3.5, 3.25, 4.0, 5.0, 3.75, 2.0]
    there, back = hodges_lehmann_interval(a, b), hodges_lehmann_interval(b, a)
    assert there is not None and back is not None
    assert there[:3] == (-back.median, -back.high, -back.low)
    assert there.low <= there.median <= there.high
    assert hodges_lehmann_interval([1.0] * 6, [1.0] * 6) == (0, 0, 0, 0.95)


def test_the_interval_holds_the_true_shift_as_often_as_it_says() -> None:
    random, held, trials = Random(7), 0, 2000
    for _ in range(trials):
        below = [random.expovariate(1) for _ in range(6)]
        shift = hodges_lehmann_interval(below, [0.5 + random.expovariate(1) for _ in range(6)])
        assert shift is not None
        held += shift.low <= 0.5 <= shift.high
    assert 0.945 < held / trials < 0.98
