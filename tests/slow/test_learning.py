"""Every workload learns on every backend, and is the same size there as its table says."""

import pytest

from bench.core.cell import BACKENDS
from models.table import WORKLOADS
from tests.fixtures.learner import learn


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workload", WORKLOADS)
def test_a_short_training_lowers_the_loss_on_a_fixed_batch(workload, backend, tmp_path):
    found = learn(workload, backend, tmp_path)
    assert found["parameters"] == WORKLOADS[workload].parameters
    assert found["losses"][-1] < 0.9 * found["losses"][0], found["losses"]
