"""The level of a moderated test, over many simulated experiments."""

import random
from math import exp, sqrt
from statistics import fmean

import pytest

from bench.regression.estimators import mean_of
from bench.stats.empirical_bayes import (
    fit_variance_prior,
)


def pair_specs(noise: random.Random, number: int, unlike: float = 0.0) -> list[list[float]]:
    """Return five values of each contest, of variance 1 but for a factor that varies."""
    return [[noise.gauss(0, exp(noise.gauss(0, unlike))) for _ in range(5)] for _ in range(number)]


@pytest.mark.parametrize("unlike", [0.0, 0.3])
@pytest.mark.parametrize("number", [3, 9, 30])
def test_moderation_keeps_the_level_of_the_test(number: int, unlike: float) -> None:
    """At a level of 1% the hypothesis that is true is rejected in about 1% of all contests."""
    noise = random.Random(7)
    rejected = []
    for _ in range(3000 // number):
        samples = pair_specs(noise, number, unlike)
        prior = fit_variance_prior(samples)
        rejected += [mean_of(values, prior).p_above(0.0) < 0.01 for values in samples]
    error = sqrt(0.01 * 0.99 / len(rejected))
    assert fmean(rejected) < 0.01 + 4 * error
