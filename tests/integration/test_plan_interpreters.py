"""Plans whose interpreter cannot be started."""

from bench.runner.plan import PlannedLaunch
from tests.fixtures.present import present
from tests.fixtures.steps import make_fake_cell, plan_fake


def actions(steps: list[PlannedLaunch]) -> list[str]:
    return [step.action for step in steps]


def test_a_chosen_interpreter_that_is_not_there_blocks_its_backend_only(tmp_path):
    cells = [make_fake_cell(tmp_path, backend=backend) for backend in ("jax", "torch")]
    fake = present(plan_fake(tmp_path, cells)[1].interpreter).python
    steps = plan_fake(tmp_path, cells, pythons={"jax": "/no/python", "torch": fake}, repeats=2)
    assert actions(steps) == ["blocked", "run", "run", "blocked"]
    assert steps[0].why.startswith("/no/python cannot be run")
