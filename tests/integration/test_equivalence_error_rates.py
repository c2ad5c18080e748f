"""How often the verdict on equivalence is wrong, over many simulated sets of seeds."""

import random

import pytest

from bench.regression.accuracy.equivalence import judge_equivalence
from bench.regression.accuracy.verdict import SeedAccuracies


def make_seeds(mean: float, spread: float, count: int, seed: int) -> SeedAccuracies:
    noise = random.Random(seed)
    return SeedAccuracies(
        accuracies=tuple(noise.gauss(mean, spread) for _ in range(count)), images=10_000
    )


def judge(sides: dict[str, SeedAccuracies], margin: float = 0.01) -> dict[tuple[str, str], str]:
    return {row.backends: row.verdict for row in judge_equivalence({"cell": sides}, margin)}


def test_backends_a_margin_apart_are_seldom_called_equivalent() -> None:
    wrong = sum(
        "equivalent"
        in judge(
            {
                "jax": make_seeds(0.90, 0.004, 8, 2 * n),
                "torch": make_seeds(0.89, 0.004, 8, 2 * n + 1),
            }
        ).values()
        for n in range(300)
    )
    assert wrong <= 25  # 5% are 15


@pytest.mark.parametrize(("spread", "fewest", "most"), [(0.005, 6, 9), (0.012, 24, 34)])
def test_the_seeds_needed_show_equal_backends_as_often_as_they_say(
    spread: float, fewest: int, most: int
) -> None:
    exact = {
        name: SeedAccuracies(
            accuracies=tuple(0.9 + spread * (-1) ** n for n in range(400)), images=10_000
        )
        for name in ("jax", "torch")
    }
    (row,) = judge_equivalence({"cell": exact}, 0.01)
    assert row.seeds_needed is not None
    assert fewest <= row.seeds_needed <= most
    shown = sum(
        "equivalent"
        in judge(
            {
                "jax": make_seeds(0.9, spread, row.seeds_needed, 2 * n),
                "torch": make_seeds(0.9, spread, row.seeds_needed, 2 * n + 1),
            }
        ).values()
        for n in range(200)
    )
    assert shown >= 140
