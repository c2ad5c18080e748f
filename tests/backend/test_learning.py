"""Three unlike workloads learn on every backend; `tests/slow` has all of them."""

from pathlib import Path

import pytest

from bench.core.cell import BACKENDS
from models.table import WORKLOADS
from tests.fixtures.learner import learn


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("workload", ["lab_baseline", "vit_tiny", "lstm_text"])
def test_a_short_training_lowers_the_loss_on_a_fixed_batch(
    workload: str, backend: str, tmp_path: Path
) -> None:
    found = learn(workload, backend, tmp_path)
    assert found["parameters"] == WORKLOADS[workload].parameters
    assert found["losses"][-1] < 0.9 * found["losses"][0], found["losses"]
