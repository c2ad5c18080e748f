"""How often the verdict on accuracy is wrong, over many simulated sets of seeds."""

import random

import pytest

from bench.regression.accuracy.verdict import (
    AccuracyVerdict,
    SeedAccuracies,
    judge_accuracy,
    seeds_needed,
)


def make_seeds(mean: float, spread: float = 0.005, seeds: int = 8, seed: int = 0) -> SeedAccuracies:
    noise = random.Random(seed)
    return SeedAccuracies(
        accuracies=tuple(noise.gauss(mean, spread) for _ in range(seeds)), images=10_000
    )


def judge(
    baseline: SeedAccuracies, candidate: SeedAccuracies, margin: float = 0.01
) -> AccuracyVerdict:
    return judge_accuracy({"cell": (baseline, candidate)}, margin)["cell"]


@pytest.mark.parametrize(
    ("difference", "says"), [(0.0, "pass"), (-0.03, "regressed"), (0.03, "improved")]
)
def test_a_clear_difference_gets_its_verdict(difference: float, says: str) -> None:
    found = judge(make_seeds(0.7), make_seeds(0.7 + difference, seed=1))
    assert found.verdict == says
    assert found.low is not None
    assert found.high is not None
    assert found.low < difference < found.high


def test_the_number_of_seeds_needed_is_enough_to_pass_as_often_as_it_says() -> None:
    needed = seeds_needed(0.01, 0.01, 0.05)
    assert needed is not None
    passed = sum(
        judge(
            make_seeds(0.7, 0.01, needed, 2 * n), make_seeds(0.7, 0.01, needed, 2 * n + 1)
        ).verdict
        in ("pass", "improved")
        for n in range(200)
    )
    assert 140 <= passed <= 180
    assert seeds_needed(1.0, 1e-6, 0.05) is None


def test_a_loss_of_the_margin_seldom_passes() -> None:
    wrong = sum(
        judge(make_seeds(0.7, seed=2 * n), make_seeds(0.69, seed=2 * n + 1)).verdict == "pass"
        for n in range(200)
    )
    assert wrong <= 18
