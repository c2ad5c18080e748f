"""A certificate catches what it should: planted faults, and a control that has none."""

from pathlib import Path

import pytest

from bench.core.cell import BACKENDS
from bench.parity.certificate import judge_quantities
from bench.parity.compare import compare_backends
from tests.slow.planting import Planting

#: Each fault, the stage in which it has to be found first, and the layers it may be named after;
#: none where the fault is no layer's.
FAULTS = {
    "other_momentum": ("update", ("norm",)),
    "other_epsilon": ("inference", ("norm",)),
    "valid_padding": ("structure", ("first",)),
    "symmetric_padding": ("structure", ("pad", "strided")),
    "other_stride": ("structure", ("first",)),
    "transposed_kernel": ("inference", ("first",)),
    "forgotten_bias": ("inference", ("first",)),
    "dropped_bias": ("structure", ("hidden",)),
    "other_pooling": ("inference", ("pool",)),
    "other_activation": ("inference", ("first",)),
    "other_scale": ("inference", ("scale",)),
    "half_precision": ("inference", ("rounded",)),
    "other_adam_epsilon": ("update", ()),
    "other_adam_beta": ("update", ()),
    "other_learning_rate": ("update", ()),
    "loss_of_logits": ("loss", ()),
    "smoothed_labels": ("loss", ()),
    "louder_training": ("training", ("rounded",)),
    "half_the_gradient": ("gradient", ("first",)),
    "late_schedule": ("steps", ()),
}
#: What the frozen rule does not find.
UNSEEN = "half_precision_momentum"
#: Each on one backend, the backends in turns.
PLANTED = [(fault, BACKENDS[n % len(BACKENDS)]) for n, fault in enumerate(FAULTS)]


@pytest.fixture(scope="module")
def planting(tmp_path_factory: pytest.TempPathFactory) -> Planting:
    return Planting(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize(("fault", "backend"), PLANTED)
def test_a_planted_fault_is_found_and_named(fault: str, backend: str, planting: Planting) -> None:
    stage, layers = FAULTS[fault]
    verdicts = judge_quantities(compare_backends(planting.planted(fault, backend), BACKENDS))
    # Beside a backend that computes something else, rounding is told by the other two alone.
    for verdict in [verdict for verdict in verdicts if backend in verdict.backends]:
        assert (verdict.verdict, verdict.stage) == ("differs", stage)
        assert not layers or any(layer in str(verdict.name) for layer in layers), verdict.name


@pytest.mark.xfail(reason="one trajectory in ten thousand may be as far off as this", strict=True)
def test_a_momentum_in_half_precision_is_found(planting: Planting) -> None:
    """A limit: what is exact in float64 and in the first step is held to the bound of steps."""
    verdicts = judge_quantities(compare_backends(planting.planted(UNSEEN, "torch"), BACKENDS))
    assert [verdict.verdict for verdict in verdicts] == ["certified", "differs", "differs"]


@pytest.mark.parametrize("seed", range(20))
def test_the_model_without_a_fault_is_certified(seed: int, tmp_path: Path) -> None:
    dumps = Planting(tmp_path, seed).faultless()
    verdicts = judge_quantities(compare_backends(dumps, BACKENDS))
    assert [verdict.text for verdict in verdicts] == ["certified"] * 3
