"""What many contests tell of one's variance, and how much that may weigh."""

import random
from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import polygamma

from bench.regression.estimators import mean_of
from bench.stats.empirical_bayes import (
    FEWEST_CONTESTS,
    Prior,
    _inverse_trigamma,
    fit_variance_prior,
)


def pair_specs(noise: random.Random, number: int, unlike: float = 0.0) -> list[list[float]]:
    """Return five values of each contest, of variance 1 but for a factor that varies."""
    return [[noise.gauss(0, exp(noise.gauss(0, unlike))) for _ in range(5)] for _ in range(number)]


def test_contests_of_one_variance_tell_it_well() -> None:
    prior = fit_variance_prior(pair_specs(random.Random(1), 200))
    assert prior is not None
    assert prior.variance == pytest.approx(1.0, rel=0.15)
    assert prior.degrees > 30


def test_contests_of_unlike_variances_tell_little() -> None:
    prior = fit_variance_prior(pair_specs(random.Random(1), 200, unlike=1.0))
    assert prior is not None
    assert prior.degrees < 3


def test_too_few_contests_tell_nothing() -> None:
    noise = random.Random(1)
    assert fit_variance_prior(pair_specs(noise, FEWEST_CONTESTS - 1)) is None
    assert fit_variance_prior(pair_specs(noise, FEWEST_CONTESTS)) is not None


def test_a_contest_that_never_varied_or_has_one_value_is_no_sample() -> None:
    assert fit_variance_prior([[0.0, 0.0, 0.0], [1.0], [0.0, 1.0], [0.5, 1.0]]) is None


def test_no_variance_is_known_better_than_by_all_samples() -> None:
    prior = fit_variance_prior(pair_specs(random.Random(1), 3))
    assert prior is not None
    _, degrees = prior.posterior(1.0, 4)
    assert degrees <= 12


def test_a_moderated_variance_lies_between_the_sample_and_the_prior() -> None:
    variance, degrees = Prior(1.0, 12.0, 100.0).posterior(4.0, 4)
    assert variance == (12 * 1.0 + 4 * 4.0) / 16
    assert degrees == 16


@given(st.floats(1e-3, 1e3))
def test_the_inverse_of_trigamma_is_one(value: float) -> None:
    assert float(polygamma(1, _inverse_trigamma(value))) == pytest.approx(value, rel=1e-6)


def test_moderation_finds_more() -> None:
    noise = random.Random(7)
    samples = [[value + 2.0 for value in values] for values in pair_specs(noise, 30)]
    prior = fit_variance_prior(samples)
    found = sum(mean_of(values, prior).p_above(0.0) < 0.001 for values in samples)
    assert found > 2 * sum(mean_of(values, None).p_above(0.0) < 0.001 for values in samples)
