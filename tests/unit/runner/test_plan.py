"""The plan: what would run, what is stored, what cannot run, why, and about how long."""

from typing import Any

import msgspec
import pytest

from bench.core.cell import BACKENDS, Cell
from bench.core.record import Record
from bench.runner.plan import PlannedLaunch, make_plan, remaining_seconds
from bench.system.interpreter import InterpreterError
from tests.fixtures.present import present
from tests.fixtures.records import make_record
from tests.fixtures.steps import MACHINE_ID, make_fake_cell, plan_fake

HERE = {"machine_id": MACHINE_ID}


def actions(steps: list[PlannedLaunch]) -> list[str]:
    return [step.action for step in steps]


def record_of(step: PlannedLaunch, **fields) -> Record:
    """Return a record that answers `step` on this machine."""
    given = {"cell": step.cell, "digest": step.digest, "repetition": step.repetition}
    return make_record(**{**given, "machine": HERE, **fields})


def test_a_cell_without_a_record_runs(tmp_path):
    (step,) = plan_fake(tmp_path, [make_fake_cell(tmp_path)])
    assert (step.action, step.why) == ("run", "no record yet")
    assert len(step.digest) == len(step.workload_source) == 64
    assert present(step.dataset_folder).is_dir()
    assert present(step.interpreter).backend == "jax"


def test_a_stored_cell_does_not_run_again(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    (again,) = plan_fake(tmp_path, cells, [record_of(step)])
    assert (again.action, again.why) == ("stored", "stored in run 20261101T120000Z-0a1b")


def test_a_fresh_plan_runs_what_is_stored(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    (again,) = plan_fake(tmp_path, cells, [record_of(step)], fresh=True)
    assert again.action == "run"


def test_a_failed_cell_is_tried_again_and_the_reason_is_told(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    failed = record_of(step, status="failed", reason="no such layer")
    (again,) = plan_fake(tmp_path, cells, [failed])
    assert (again.action, again.why) == ("run", "failed before: no such layer")


def test_the_newest_record_decides_whether_a_cell_has_failed(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    old = record_of(step, started_at="2026-11-01T00:00:00.000+00:00", status="failed")
    new = record_of(step, started_at="2026-11-02T00:00:00.000+00:00")
    assert actions(plan_fake(tmp_path, cells, [new, old])) == ["stored"]


def test_a_record_of_another_machine_is_not_ours(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    there = record_of(step, machine={"machine_id": "there"})
    (again,) = plan_fake(tmp_path, cells, [there])
    assert (again.action, again.estimate_seconds) == ("run", None)


def test_a_change_of_the_users_file_or_of_a_decisive_variable_makes_a_cell_run(
    tmp_path, monkeypatch
):
    cells = [make_fake_cell(tmp_path)]
    (step,) = plan_fake(tmp_path, cells)
    records = [record_of(step)]
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert actions(plan_fake(tmp_path, cells, records)) == ["run"]
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert actions(plan_fake(tmp_path, cells, records)) == ["stored"]
    (tmp_path / "fake_workload.py").write_text("changed = True")
    assert actions(plan_fake(tmp_path, cells, records)) == ["run"]


def test_repetitions_run_forwards_and_backwards_in_turn(tmp_path):
    cells = [make_fake_cell(tmp_path, backend=backend) for backend in BACKENDS]
    steps = plan_fake(tmp_path, cells, repeats=3)
    order = "jax tensorflow torch torch tensorflow jax jax tensorflow torch"
    assert [step.cell.backend for step in steps] == order.split()
    assert [step.repetition for step in steps] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_only_the_missing_repetitions_run(tmp_path):
    cells = [make_fake_cell(tmp_path)]
    steps = plan_fake(tmp_path, cells, repeats=3)
    records = [record_of(steps[0]), record_of(steps[2])]
    assert actions(plan_fake(tmp_path, cells, records, repeats=3)) == ["stored", "run", "stored"]


def test_a_missing_interpreter_blocks_its_cells_only(tmp_path, monkeypatch):
    def none(backend, chosen, device):
        raise InterpreterError(f"{backend} has no interpreter.")

    monkeypatch.setattr("bench.runner.plan.find_interpreter", none)
    (step,) = plan_fake(tmp_path, [make_fake_cell(tmp_path)])
    assert (step.action, step.why) == ("blocked", "jax has no interpreter.")
    assert (step.digest, step.interpreter, step.dataset) == ("", None, None)


@pytest.mark.parametrize(
    ("dataset", "why"),
    [
        ("no_such", "There is no dataset 'no_such'"),
        ("synthetic:shape=x", "The synthetic dataset's"),
    ],
)
def test_a_dataset_that_is_not_there_blocks_its_cells_only(tmp_path, dataset, why):
    cells = [make_fake_cell(tmp_path, dataset=dataset), make_fake_cell(tmp_path)]
    steps = plan_fake(tmp_path, cells)
    assert actions(steps) == ["blocked", "run"]
    assert steps[0].why.startswith(why)


def test_a_missing_local_copy_of_cifar10_blocks_with_its_folder(tmp_path):
    cells = [make_fake_cell(tmp_path, dataset="cifar10")]
    (step,) = plan_fake(tmp_path, cells, data_dir=tmp_path / "none")
    assert step.action == "blocked"
    assert str(tmp_path / "none") in step.why


def test_a_users_file_that_went_away_blocks_its_cells(tmp_path):
    cell = make_fake_cell(tmp_path)
    gone = msgspec.structs.replace(cell, workload=f"{tmp_path}/gone.py:build")
    steps = plan_fake(tmp_path, [gone, cell])
    assert actions(steps) == ["blocked", "run"]
    assert "gone.py cannot be read" in steps[0].why


def test_a_blocked_cell_is_blocked_in_every_repetition(tmp_path):
    steps = plan_fake(tmp_path, [make_fake_cell(tmp_path, dataset="no_such")], repeats=2)
    assert actions(steps) == ["blocked", "blocked"]


def _estimate(folder, records: list[Record], cell: Cell | None = None) -> float | None:
    cells = [cell or make_fake_cell(folder)]
    return plan_fake(folder, cells, records, fresh=True)[0].estimate_seconds


def test_the_estimate_is_the_median_of_the_cells_own_ok_records(tmp_path):
    cell = make_fake_cell(tmp_path)
    seconds = [10.0, 30.0, 20.0]
    records = [
        make_record(cell=cell, machine=HERE, repetition=n, digest="older code", wall_seconds=s)
        for n, s in enumerate(seconds)
    ]
    failed = make_record(cell=cell, machine=HERE, status="failed", wall_seconds=1.0)
    assert _estimate(tmp_path, [*records, failed]) == 20.0


def test_the_estimate_of_a_new_cell_is_that_of_the_other_backends(tmp_path):
    like = make_fake_cell(tmp_path, backend="torch")
    unlike = make_fake_cell(tmp_path, backend="torch", epochs=3)
    records = [
        make_record(cell=like, machine=HERE, wall_seconds=40.0),
        make_record(cell=unlike, machine=HERE, wall_seconds=99.0),
    ]
    assert _estimate(tmp_path, records) == 40.0
    assert _estimate(tmp_path, []) is None


def test_what_is_left_is_the_sum_of_the_steps_to_run(tmp_path):
    cells = [make_fake_cell(tmp_path, backend=backend) for backend in BACKENDS]
    steps = [
        msgspec.structs.replace(step, action=action, estimate_seconds=seconds)
        for step, action, seconds in zip(
            plan_fake(tmp_path, cells) * 2,
            ["run", "run", "run", "stored", "blocked", "run"],
            [10.0, None, 5.0, 100.0, 100.0, None],
            strict=True,
        )
    ]
    assert remaining_seconds(steps) == (15.0, 2)
    assert remaining_seconds([]) == (0, 0)


def test_a_plan_of_nothing_is_empty():
    assert make_plan([], [], MACHINE_ID) == []


def test_a_workload_that_makes_its_data_itself_needs_no_dataset(tmp_path):
    cell = make_fake_cell(tmp_path, dataset="own", batch_size=4)
    (step,) = plan_fake(tmp_path, [cell])
    assert (step.action, step.dataset_folder, step.estimate_seconds) == ("run", None, None)
    assert present(step.dataset).source == "made by the workload itself"
    assert present(step.dataset).fingerprint == step.workload_source
    (again,) = plan_fake(tmp_path, [cell], [record_of(step, wall_seconds=12.0)])
    assert again.action == "stored"
    assert (again.estimate_seconds, again.estimate_basis) == (12.0, "records")


def test_a_script_that_is_gone_is_blocked(tmp_path):
    fields: dict[str, Any] = {
        "batch_size": None,
        "epochs": None,
        "dataset": "own",
        "backend": "jax",
    }
    (step,) = plan_fake(tmp_path, [Cell(workload=f"script:{tmp_path}/gone.py", **fields)])
    assert step.action == "blocked"
    assert "gone.py cannot be read: No such file" in step.why
