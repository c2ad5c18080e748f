"""Real lock-step pairs, a few turns each: both sides train what they were told to, in turns."""

import shutil
from pathlib import Path

import pytest

from bench.core.cell import BACKENDS, Cell
from bench.core.paths import CHECKOUT
from bench.regression import lockstep
from bench.regression.lockstep import run_pair
from bench.regression.plan import plan_gate
from bench.regression.verdict import Margins
from bench.system.side import HERE, Side

SLICES = 4


@pytest.fixture(autouse=True)
def few_short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "SLICES", SLICES)
    monkeypatch.setattr(lockstep, "SLICE_SECONDS", 0.05)


def make_cell(backend: str) -> Cell:
    return Cell(workload="lab_baseline", dataset="digits", backend=backend, batch_size=16, epochs=1)


@pytest.fixture
def deeper(tmp_path: Path) -> Side:
    """Return a side whose lab_baseline has one layer more."""
    shutil.copytree(CHECKOUT / "models", tmp_path / "models")
    path = tmp_path / "models" / "lab.py"
    first = '            layers.Conv2D(16, 3, activation="relu"),\n'
    more = f"{first}            layers.BatchNormalization(),\n"
    path.write_text(path.read_text().replace(first, more, 1))
    return Side(source=str(tmp_path))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_pair_trains_both_sides_in_turns(backend: str, deeper: Side, tmp_path: Path) -> None:
    plan, pair_specs = plan_gate("gate", [make_cell(backend)], (HERE, deeper), ("", ""), Margins())
    assert plan.unplanned == {}
    pair = run_pair(pair_specs[0], 0, tmp_path)
    assert pair.reason is None, pair.reason
    assert pair.baseline and pair.candidate
    assert pair.baseline.identity == pair_specs[0].baseline.identity
    assert pair.candidate.identity == pair_specs[0].candidate.identity
    assert pair.baseline.identity.workload_source != pair.candidate.identity.workload_source
    assert len(pair.slices) == SLICES
    for turn in pair.slices:
        for found, trip in (
            (turn.baseline, turn.baseline_round_trip),
            (turn.candidate, turn.candidate_round_trip),
        ):
            assert found.steps >= 10
            assert 0 < found.wall_seconds < trip
            assert found.cpu_seconds > 0
    # Each waited while the other one trained, and computed next to nothing meanwhile.
    for slices in ([t.baseline for t in pair.slices], [t.candidate for t in pair.slices]):
        waited = sum(found.idle_seconds for found in slices)
        assert sum(found.idle_cpu_seconds for found in slices) < 0.2 * waited
    assert pair.baseline.settings["jit_compile"] == (backend == "jax")


def test_a_control_does_a_tenth_more_steps_than_it_says(tmp_path: Path) -> None:
    _, pair_specs = plan_gate("gate", [make_cell("tensorflow")], (HERE, HERE), ("", ""), Margins())
    pair = run_pair(pair_specs[2], 1, tmp_path)
    assert pair.reason is None, pair.reason
    assert pair.candidate
    assert pair.candidate.identity.work == 1.1
    assert {turn.candidate.steps % 10 for turn in pair.slices} == {0}
