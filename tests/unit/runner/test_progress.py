"""How long the rest of a run takes: by estimates, and by the steps behind."""

import io

import msgspec
import pytest
from rich.console import Console

from bench.core.cell import OWN_DATA, Cell
from bench.core.job import Progress
from bench.runner.plan import PlannedLaunch
from bench.runner.progress import EtaEstimator, RunProgress
from tests.fixtures.present import text_on


def _step(workload: str, estimate: float | None, *, instrumented: bool = False) -> PlannedLaunch:
    cell = Cell(workload=workload, dataset="digits", backend="jax", batch_size=16, epochs=1)
    step = PlannedLaunch(cell=cell, repetition=0, action="run", why="", estimate_seconds=estimate)
    return msgspec.structs.replace(step, instrumented=instrumented)


def test_before_anything_ran_an_estimate_is_believed() -> None:
    assert EtaEstimator().expect(_step("mlp", 30.0)) == 30.0
    assert EtaEstimator().expect(_step("mlp", None)) is None


def test_launches_of_the_same_cell_tell_best() -> None:
    pace = EtaEstimator()
    for seconds in (5.0, 6.0, 90.0):
        pace.add(_step("mlp", 100.0), seconds)
    assert pace.expect(_step("mlp", 100.0)) == 6.0
    assert pace.expect(_step("mlp", 40.0, instrumented=True)) != 6.0


def test_other_cells_are_off_from_their_estimates_as_those_behind_were() -> None:
    pace = EtaEstimator()
    pace.add(_step("mlp", 100.0), 10.0)
    pace.add(_step("lab_deep", 100.0), 30.0)
    assert pace.expect(_step("vit_tiny", 50.0)) == pytest.approx(10.0)


def test_a_step_without_an_estimate_lasts_as_long_as_those_behind() -> None:
    pace = EtaEstimator()
    pace.add(_step("mlp", None), 10.0)
    pace.add(_step("lab_deep", 100.0), 30.0)
    assert pace.expect(_step("resnet20", None)) == 20.0


@pytest.mark.parametrize(("estimate", "left"), [(None, "not known yet"), (3600.0, "60 min left")])
def test_an_epoch_of_a_script_shows_nothing_about_the_rest_of_it(estimate, left) -> None:
    step = _step("mlp", estimate)
    fields = {"workload": "script:/a.py", "dataset": OWN_DATA, "batch_size": None, "epochs": None}
    step = msgspec.structs.replace(step, cell=msgspec.structs.replace(step.cell, **fields))
    console = Console(file=io.StringIO(), width=200)
    event = Progress(epoch=2, epochs=2, epoch_seconds=6.0, loss=0.5, val_accuracy=None)
    with RunProgress(console, [step]) as progress:
        progress.begin(step)
        progress.epoch(step, event)
    line = text_on(console).splitlines()[-1]
    assert line.startswith("    epoch 2/2, loss 0.500; ")
    assert left in line
