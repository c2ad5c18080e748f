"""Weights of a certificate: nothing a layer could be blind to, and nothing that it cannot take."""

import numpy as np
import pytest

from bench.worker.parity_batches import draw_spread, in_precision


def test_ones_and_what_else_is_positive_stay_positive() -> None:
    for value in (np.ones(1000), np.array([1e-3, 2.0, 7.0])):
        drawn = draw_spread(0, 3, value)
        assert drawn.dtype == np.float32
        assert np.all((drawn >= 0.5 * value.astype(np.float32)) & (drawn <= 1.5 * value))
        assert not np.any(drawn == value)


def test_zeros_do_not_stay_zero() -> None:
    drawn = draw_spread(0, 3, np.zeros(1000))
    assert np.std(drawn) == pytest.approx(0.05, rel=0.1)
    assert not np.any(drawn == 0.0)


def test_integers_stay() -> None:
    assert draw_spread(0, 3, np.array([3, 4])).tolist() == [3, 4]


def test_pixels_get_the_precision_and_indices_stay() -> None:
    assert in_precision(np.zeros((2, 2), np.uint8), "float64").dtype == np.float64
    assert in_precision(np.zeros((2, 2), np.int32), "float64").dtype == np.int32
