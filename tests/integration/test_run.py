"""One run: what fails is stored with its reason, what does not goes on."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from bench.core.cell import BACKENDS, PROTOCOL_VERSION
from bench.core.record import Record
from bench.runner.executor import execute
from bench.runner.interleave import interleaved_launches
from bench.runner.plan import PlannedLaunch
from bench.storage.store import Store
from tests.fixtures.present import present, text_on
from tests.fixtures.processes import patient
from tests.fixtures.steps import MACHINE_ID, TINY, make_fake_cell, plan_fake

RUN = "20261101T120000Z-0a1b"


def run(folder: Path, steps: list[PlannedLaunch], **options) -> tuple[list[Record], str]:
    """Return the records of a run in the store `folder`/reports, and what it printed."""
    console = Console(file=io.StringIO(), width=100)
    options = {"timeout_seconds": 60.0, **options}
    records = execute(steps, Store(folder / "reports"), RUN, console, **options)
    return records, text_on(console)


def run_modes(folder: Path, *modes: str, **options) -> list[Record]:
    return run(
        folder, plan_fake(folder, [make_fake_cell(folder, mode) for mode in modes]), **options
    )[0]


def test_a_record_holds_what_the_worker_and_the_parent_saw(tmp_path):
    step = plan_fake(tmp_path, [make_fake_cell(tmp_path)])[0]
    (record,), _ = run(tmp_path, [step])
    assert (record.status, record.reason, record.exit_status) == ("ok", None, 0)
    assert (record.cell, record.digest, record.repetition) == (step.cell, step.digest, 0)
    assert record.workload_source == step.workload_source
    assert record.protocol_version == PROTOCOL_VERSION
    assert len(present(record.result).epochs) == record.cell.epochs
    assert record.dataset.name.startswith(TINY) and record.dataset.official
    assert record.machine_id == MACHINE_ID
    assert record.versions["keras"] == "3.15.1"
    assert record.run_id == RUN
    assert Store(tmp_path / "reports").load(RUN) == [record]


def test_the_edges_of_a_launch_are_timed_on_the_clock_that_both_sides_share(tmp_path):
    (record,), _ = run(tmp_path, plan_fake(tmp_path, [make_fake_cell(tmp_path)]))
    edges = [present(record.interpreter_seconds), present(record.exit_seconds)]
    assert min(edges) > 0
    assert sum(edges) <= record.wall_seconds


def test_the_machine_is_calibrated_before_and_after_every_launch_even_a_failed_one(tmp_path):
    for record in run_modes(tmp_path, "ok", "crash"):
        before, after = present(record.calibration)
        assert before != after
        assert before.gemm_gflops > 0
    assert record.interpreter_seconds is None


def test_a_launch_of_a_race_keeps_its_place(tmp_path):
    contenders = plan_fake(tmp_path, [make_fake_cell(tmp_path, backend=b) for b in BACKENDS])
    records, printed = run(tmp_path, interleaved_launches(contenders, 2))
    races = [(r.cell.backend, present(r.race)) for r in records]
    places = [(backend, race.round, race.position) for backend, race in races]
    assert places[2:4] == [("torch", 0, 2), ("torch", 1, 0)]
    assert "(round 2): ok" in printed


def test_failed_cells_are_stored_with_their_reasons_and_the_others_complete(tmp_path):
    modes = ["crash", "ok", "sigkill", "garbage", "nan", "memory", "blank_reason", "crash_at_exit"]
    records = run_modes(tmp_path, *modes)
    reasons = {record.cell.workload.rpartition(":")[2]: record.reason or "" for record in records}
    assert [mode for mode in modes if not reasons[mode]] == ["ok", "crash_at_exit"]
    assert "no such layer" in reasons["crash"]
    assert "possibly out of memory" in reasons["sigkill"]
    assert "MemoryError" in reasons["memory"]
    assert all("unusable" in reasons[mode] for mode in ("garbage", "nan", "blank_reason"))
    stored = Store(tmp_path / "reports").load(RUN)
    assert {record.cell: record.reason for record in stored} == {
        record.cell: record.reason for record in records
    }


def test_a_hang_fails_its_cell_only(tmp_path):
    seconds = patient(3.0)
    records = run_modes(tmp_path, "hang", "ok", timeout_seconds=seconds)
    assert [record.status for record in records] == ["failed", "ok"]
    assert f"timeout of {seconds:g} s" in present(records[0].reason)


def test_a_result_of_another_number_of_epochs_is_a_failure(tmp_path):
    (record,) = run_modes(tmp_path, "more_epochs")
    assert (record.status, record.result) == ("failed", None)
    assert record.reason == "the worker returned 3 epochs instead of 2"


def test_a_crash_at_exit_is_ok_and_its_status_is_in_the_record(tmp_path):
    (record,) = run_modes(tmp_path, "crash_at_exit")
    assert (record.status, record.exit_status) == ("ok", -11)


def test_an_interruption_keeps_the_finished_records_and_leaves_none_of_the_interrupted_step(
    tmp_path, monkeypatch
):
    def interrupt(progress, step, event):
        if step.cell.workload.endswith(":hang"):
            raise KeyboardInterrupt

    monkeypatch.setattr("bench.runner.progress.RunProgress.epoch", interrupt)
    cells = [make_fake_cell(tmp_path, mode) for mode in ("ok", "hang", "crash")]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, plan_fake(tmp_path, cells))
    stored = Store(tmp_path / "reports").load_all()
    assert [record.cell for record in stored] == cells[:1]
    again = plan_fake(tmp_path, cells, stored)
    assert [step.action for step in again] == ["stored", "run", "run"]


def test_a_store_that_is_removed_while_a_worker_runs_loses_no_record(tmp_path):
    (record,) = run_modes(tmp_path, "lose_store")
    assert record.reason == "exited with status 1 before it wrote a result: gone"
    assert Store(tmp_path / "reports").load(RUN) == [record]


def test_steps_that_are_stored_or_blocked_are_not_launched(tmp_path):
    cells = [make_fake_cell(tmp_path, "ok"), make_fake_cell(tmp_path, "ok", dataset="no_such")]
    records, _ = run(tmp_path, plan_fake(tmp_path, cells))
    assert [record.cell for record in records] == cells[:1]
    records, printed = run(tmp_path, plan_fake(tmp_path, cells, records))
    assert (records, printed.strip()) == ([], "")


def test_the_log_of_every_launch_is_kept_beside_the_records(tmp_path):
    record, _ = run_modes(tmp_path, "crash", "ok")
    logs = sorted((tmp_path / "reports" / "runs" / RUN / "logs").iterdir())
    assert len(logs) == 2
    assert f"{record.cell.id}-r0.log" in [log.name for log in logs]


def test_no_secret_of_the_users_environment_ends_in_a_record(tmp_path, monkeypatch):
    for name in ("GITHUB_TOKEN", "NVIDIA_API_KEY", "TF_VAR_password", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "do-not-tell")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    run_modes(tmp_path, "environment")
    (path,) = (tmp_path / "reports" / "runs" / RUN / "records").iterdir()
    assert "do-not-tell" not in path.read_text()
    (record,) = Store(tmp_path / "reports").load(RUN)
    assert record.environment["OMP_NUM_THREADS"] == "2"


def test_every_step_is_told_in_plain_lines_where_there_is_no_terminal(tmp_path):
    cells = [make_fake_cell(tmp_path, mode) for mode in ("ok", "crash")]
    _, printed = run(tmp_path, plan_fake(tmp_path, cells))
    lines = printed.splitlines()
    assert len(lines) == 4
    assert lines[0].startswith(f"[1/2] {cells[0].id}: started, time left not known yet")
    assert ": ok in " in lines[1] and lines[1].endswith("val_accuracy 0.750")
    assert lines[2].startswith(f"[2/2] {cells[1].id}: started, about ")
    assert ": FAILED after " in lines[3] and "no such layer" in lines[3]
    assert "\x1b" not in printed


def test_a_live_line_is_drawn_on_a_terminal(tmp_path):
    console = Console(file=io.StringIO(), width=200, force_terminal=True)
    steps = plan_fake(tmp_path, [make_fake_cell(tmp_path)])
    execute(steps, Store(tmp_path / "reports"), RUN, console, timeout_seconds=60.0)
    printed = text_on(console)
    assert "epoch 1/2, loss 1.500, val_accuracy 0.250" in printed
    assert "started" not in printed
