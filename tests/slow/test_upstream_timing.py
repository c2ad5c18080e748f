"""The findings of docs/results/upstream.md about speed: ratios, measured in alternation."""

import pytest

from tests.upstream.interpreters import run_script
from tests.upstream.timings import gradient_ratios, stall_ratios, unmet_timings

ROUNDS = 3


@pytest.mark.parametrize("script", ["depthwise_gradient", "max_pooling_gradient"])
def test_the_gradient_is_slow_on_jax(script, tmp_path):
    rounds = []
    for number in range(ROUNDS):
        order = ("jax", "tensorflow") if number % 2 == 0 else ("tensorflow", "jax")
        rounds.append({backend: run_script(script, backend, tmp_path) for backend in order})
    assert unmet_timings(script, gradient_ratios(rounds)) == [], rounds


def test_epochs_wait_for_their_first_step_with_autotuning_and_not_without(tmp_path):
    found = run_script("data_autotune_stall", "tensorflow", tmp_path)
    assert unmet_timings("data_autotune_stall", stall_ratios(found)) == [], found
