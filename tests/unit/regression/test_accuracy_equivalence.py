"""Two one-sided tests: what is shown, how often, and with how many seeds."""

import random

import pytest

from bench.core.headline import Headline
from bench.regression.accuracy.equivalence import judge_equivalence
from bench.regression.accuracy.verdict import SeedAccuracies


def make_seeds(mean: float, spread: float, count: int, seed: int) -> SeedAccuracies:
    noise = random.Random(seed)
    return SeedAccuracies(
        accuracies=tuple(noise.gauss(mean, spread) for _ in range(count)), images=10_000
    )


def judge(sides: dict[str, SeedAccuracies], margin: float = 0.01) -> dict[tuple[str, str], str]:
    return {row.backends: row.verdict for row in judge_equivalence({"cell": sides}, margin)}


def test_equal_ones_are_equivalent_and_others_are_not_shown_to_be() -> None:
    sides = {
        "jax": make_seeds(0.9, 0.003, 12, 1),
        "tensorflow": make_seeds(0.9, 0.003, 12, 2),
        "torch": make_seeds(0.88, 0.003, 12, 3),
    }
    assert judge(sides) == {
        ("jax", "tensorflow"): "equivalent",
        ("jax", "torch"): "not shown",
        ("tensorflow", "torch"): "not shown",
    }


def test_the_interval_lies_around_the_difference_second_less_first() -> None:
    sides = {"jax": make_seeds(0.90, 0.003, 12, 1), "torch": make_seeds(0.88, 0.003, 12, 3)}
    (row,) = judge_equivalence({"cell": sides}, 0.01)
    assert row.low is not None
    assert row.high is not None
    assert row.difference is not None
    assert row.low < -0.02 < row.high
    assert row.high - row.difference == pytest.approx(row.difference - row.low)


def test_a_side_that_is_no_measurement_is_invalid() -> None:
    good = make_seeds(0.9, 0.003, 12, 1)
    for bad in (
        SeedAccuracies(accuracies=(0.9, 0.91), images=100, reason="seed 3 has no record"),
        SeedAccuracies(accuracies=(0.9, 0.91), images=100, diverged=(2,)),
        SeedAccuracies(accuracies=(0.9,), images=100),
    ):
        (row,) = judge_equivalence({"cell": {"jax": good, "torch": bad}}, 0.01)
        assert row.verdict == "invalid"
        assert row.reason


def test_losses_are_equivalent_within_a_percentage_of_their_size() -> None:
    headline = Headline("val_loss", "min")
    values = (200.0, 200.5, 199.5, 200.2, 199.8)
    a = SeedAccuracies(accuracies=values, images=10, headline=headline)
    b = SeedAccuracies(accuracies=tuple(v + 0.3 for v in values), images=10, headline=headline)
    far = SeedAccuracies(accuracies=tuple(v + 9.0 for v in values), images=10, headline=headline)
    rows = judge_equivalence({"cell": {"jax": a, "torch": b, "tensorflow": far}}, 0.01)
    assert [row.verdict for row in rows] == ["equivalent", "not shown", "not shown"]
    assert {(row.metric, row.unit) for row in rows} == {("val_loss", "percent")}
    assert rows[0].margin == pytest.approx(2.0)


def test_backends_that_are_judged_by_different_metrics_are_invalid() -> None:
    a = SeedAccuracies(accuracies=(0.7, 0.71), images=100)
    b = SeedAccuracies(accuracies=(0.7, 0.71), images=100, headline=Headline("val_loss", "min"))
    [row] = judge_equivalence({"cell": {"jax": a, "torch": b}}, 0.01)
    assert row.verdict == "invalid"
    assert "different metrics" in str(row.reason)
