"""Calibration: fixed work beside every launch, raw samples kept."""

from itertools import count

import pytest

from bench.core.record import GEMM_FLOPS, Calibration
from bench.stats.quantile import lower_quartile
from bench.system.calibration import REPETITIONS, calibrate


def test_each_repetition_of_both_kernels_is_kept():
    ticks = count(start=1.0, step=0.25)
    calibration = calibrate(clock=lambda: next(ticks))
    assert calibration.gemm_seconds == (0.25,) * REPETITIONS
    assert calibration.copy_seconds == (0.25,) * REPETITIONS


def test_the_peak_is_the_best_repetition():
    calibration = Calibration(gemm_seconds=(0.2, 0.1, 0.4), copy_seconds=(0.3, 0.1, 0.2))
    assert calibration.gemm_gflops == pytest.approx(GEMM_FLOPS / 0.1 / 1e9)


def test_a_burst_on_one_side_of_a_launch_does_not_move_its_calibration_but_a_lasting_load_does():
    quiet, slow = [0.1] * 10, [0.15] * 10
    assert lower_quartile(quiet + slow) == pytest.approx(0.1)
    assert lower_quartile(slow + slow) == pytest.approx(0.15)


@pytest.mark.parametrize("seconds", [(), (0.0,), (-1.0,), (float("nan"),), (float("inf"),)])
def test_a_calibration_without_durations_is_refused(seconds):
    with pytest.raises(ValueError, match="above 0 s"):
        Calibration(gemm_seconds=seconds, copy_seconds=(0.1,))
    with pytest.raises(ValueError, match="above 0 s"):
        Calibration(gemm_seconds=(0.1,), copy_seconds=seconds)
