"""The command line: every command on its real path, with a fake Python for every backend."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.cli import report as reporting_commands
from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from bench.core.record import encode_record
from bench.storage import store as store_module
from bench.storage.store import Store
from bench.system.timing_lock import default_lock_path, timing_lock
from tests.fixtures.calls import noted_calls
from tests.fixtures.command_line import Bench
from tests.fixtures.processes import patient
from tests.fixtures.records import make_record

CSVS = ("epochs.csv", "cells.csv", "comparison.csv")

pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.fixture
def reporting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


@pytest.fixture
def bench(reporting: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The same without tables, which take most of a run's time."""
    tables: dict[str, Callable[..., object]] = {
        "write_tables": lambda folder, tables, title, parquet: folder / "x.csv"
    }
    tables |= {"comparison_renderables": lambda tables, keys: ["the comparison"]}
    for name, fake in tables.items():
        monkeypatch.setattr(reporting_commands, name, fake)
    return reporting


def test_a_run_that_trains_everything_exits_0_and_names_its_table(reporting):
    assert reporting.run("ok") == ExitCode.OK == 0
    assert "0 stored (not trained again), 1 to train." in reporting.out
    assert f"Comparison: {reporting.reports}/latest/comparison.csv" in reporting.out
    (run_id,) = Store(reporting.reports).run_ids()
    for name in CSVS:
        assert len(reporting.rows(name)) == len(reporting.rows(name, run_id)) > 0
    assert len(reporting.rows("epochs.csv")) == 2


def test_a_second_run_trains_nothing_and_says_so_and_a_fresh_one_trains(bench):
    bench.run("ok")
    assert bench.run("ok") == 0
    assert "1 stored (not trained again), 0 to train." in bench.out
    assert len(Store(bench.reports).load_all()) == 1
    assert bench.run("ok", more=("--fresh",)) == 0
    assert len(Store(bench.reports).load_all()) == 2


def test_three_repeats_give_three_records(bench):
    assert bench.run("ok", more=("--repeats=3",)) == 0
    assert sorted(record.repetition for record in Store(bench.reports).load_all()) == [0, 1, 2]


def test_every_failed_cell_is_in_every_csv_with_its_reason_and_the_exit_code_is_1(reporting):
    seconds = patient(5.0)
    reasons = {
        "crash": "no such layer",
        "sigkill": "possibly out of memory",
        "garbage": "unusable result",
        "nan": "unusable result",
        "memory": "MemoryError",
        "hang": f"timeout of {seconds:g} s",
        "reason": "NonFiniteLossError",
    }
    assert (
        reporting.run("ok", *reasons, more=(f"--timeout={seconds:g}",))
        == ExitCode.CELLS_FAILED
        == 1
    )
    assert "7 of 8 launches failed, 0 could not start." in reporting.out
    for name in CSVS:
        lines = [" ".join(row.values()) for row in reporting.rows(name)]
        for mode, reason in reasons.items():
            assert [line for line in lines if f":{mode}" in line and reason in line], (name, mode)
        assert [line for line in lines if ":ok" in line]


def test_a_failed_cell_is_tried_again_and_an_ok_one_is_not(bench):
    bench.run("ok", "crash")
    assert bench.run("ok", "crash") == 1
    assert "1 stored (not trained again), 1 to train" in bench.out


def test_a_blocked_cell_is_told_while_the_others_run_and_the_exit_code_is_1(bench):
    missing = (f"--python=torch={bench.folder}/none", "--backend=torch")
    assert bench.run("ok", more=missing) == 1
    assert "cannot run: " in bench.out and f"{bench.folder}/none" in bench.out
    assert "0 of 2 launches failed, 1 could not start." in bench.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--suite=slow"], "allowed are gate, lab, predict, quick"),
        (["plan", "--suite=none.toml"], "none.toml cannot be read"),
        (["run", "--workload=resnet"], "allowed are lab_baseline"),
        (["run", "--epochs=0"], "epochs is 0; allowed is 1"),
        (["plan", "--limit-train=0"], "limit_train is 0"),
        (["run", "--python=jax"], "is not BACKEND=PATH"),
        (["list", "--python=tf=/x"], "is not BACKEND=PATH"),
        (["doctor", "--python=x"], "is not BACKEND=PATH"),
        (["run", "--backend=tf"], "allowed are jax, tensorflow, torch."),
        (["run", "--repeats=0"], "0 is below 1"),
        (["run", "--repeats=two"], "--repeats"),
        (["run", "--timeout=0"], "above 0"),
        (["run", "--timeout=inf"], "above 0"),
        (["run", "--timeout=nan"], "above 0"),
        (["run", "--device=tpu"], "allowed are cpu, gpu."),
        (["run", "extra"], "unrecognized argument 'extra'"),
        (["dance"], "there is no command 'dance'"),
        ([], "COMMAND"),
    ],
)
def test_a_wrong_argument_is_told_in_words_and_exits_2(bench, arguments, words):
    selection = [f"--reports={bench.reports}"] if arguments[:1] in (["run"], ["plan"]) else []
    assert bench.call(*arguments, *selection) == ExitCode.USAGE == 2
    assert words in bench.err
    assert "Traceback" not in bench.err
    assert not bench.reports.exists()


def test_a_run_of_which_no_cell_can_start_exits_2(bench):
    assert bench.run("ok", more=("--dataset=npz:no_such.npz",)) == 2
    assert "no_such.npz" in bench.out
    assert Store(bench.reports).run_ids() == []


def test_a_second_run_on_the_machine_exits_3_with_the_first_ones_name(bench):
    with timing_lock(default_lock_path(), "run 7, process 42"):
        assert bench.run("ok") == ExitCode.BUSY == 3
    assert "run 7, process 42" in bench.err
    assert not bench.reports.exists()


def test_a_plan_and_a_report_need_no_lock(bench):
    bench.run("ok")
    with timing_lock(default_lock_path(), "run 7, process 42"):
        assert bench.call("plan", *bench.select("ok")) == 0
        assert bench.call("report", f"--reports={bench.reports}") == 0


def test_a_store_that_cannot_be_read_or_written_exits_4_before_anything_is_trained(bench):
    bench.reports.touch()
    assert bench.run("ok") == ExitCode.STORE == 4
    assert "Not a directory" in bench.err
    assert ": started" not in bench.out


def test_a_report_that_cannot_be_written_exits_4_and_the_records_are_kept(reporting):
    reporting.reports.mkdir()
    (reporting.reports / "latest").touch()
    assert reporting.run("ok") == 4
    assert f"{reporting.reports}/latest" in reporting.err
    assert len(Store(reporting.reports).load_all()) == 1


def test_a_plan_tells_action_estimate_and_reason_and_trains_nothing(bench):
    bench.run("ok", "crash")
    modes = ("ok", "crash", "reason")
    assert bench.call("plan", *bench.select(*modes), "--repeats=2") == 0
    text = " ".join(bench.out.split())
    assert "1 stored (not trained again), 5 to train" in text
    assert "stored in" in text and "failed" in text and "unknown" in text
    assert len(Store(bench.reports).load_all()) == 2


def test_a_plan_of_which_no_cell_can_start_exits_2(bench):
    assert bench.call("plan", *bench.select("ok"), "--dataset=npz:no_such.npz") == 2


def test_what_a_framework_printed_is_shown_as_it_is(bench):
    bench.run("ok")
    record = Store(bench.reports).load_all()[0]
    fields = {"cell": record.cell, "digest": record.digest, "machine": record.machine}
    strange = "[/job:localhost] [red]\x1b[2J"
    newer = {"started_at": "2999-01-01T00:00:00.000+00:00", "run_id": "29990101T000000Z-0000"}
    Store(bench.reports).save(make_record(**fields, **newer, status="failed", reason=strange))
    assert bench.call("plan", *bench.select("ok")) == 0
    assert "[/job:localhost]" in bench.out and "[red]" in bench.out and "\x1b" not in bench.out


def test_a_folder_whose_name_looks_like_markup_is_shown_as_it_is(bench):
    bench.reports = bench.folder / "[red]" / "[" / "red]"
    assert bench.run("ok") == 0
    assert f"Comparison: {bench.reports}/latest/x.csv" in bench.out
    assert bench.call("report", f"--reports={bench.reports}") == 0
    assert f"Wrote {bench.reports}/runs/" in bench.out


def test_every_table_is_written_again_byte_for_byte_from_the_records(reporting):
    reporting.run("ok", "crash")
    paths = [path for name in CSVS for path in reporting.reports.rglob(name)]
    before = {path: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    assert reporting.call("report", f"--reports={reporting.reports}") == 0
    assert {path: path.read_bytes() for path in paths} == before
    assert len(before) == 2 * len(CSVS)


def test_the_report_of_an_unknown_run_is_refused_with_the_known_ones(bench):
    bench.run("ok")
    assert bench.call("report", "20260101T000000Z-0000", f"--reports={bench.reports}") == 2
    assert "Run '20260101T000000Z-0000' does not exist" in bench.err
    assert Store(bench.reports).run_ids()[0] in bench.err


def test_the_report_of_an_empty_store_says_so(reporting):
    assert reporting.call("report", f"--reports={reporting.reports}") == 0
    assert "no record yet" in reporting.out


def test_unreadable_records_are_told_and_left_out(bench):
    bench.run("ok")
    (path,) = bench.reports.glob("runs/*/records/*.json")
    path.with_name("older.json").write_bytes(b'{"record_version": 0}')
    assert bench.call("report", f"--reports={bench.reports}") == 0
    assert "Left out: " in bench.err and "re-run its cell" in bench.err
    assert bench.err.count("\n") == 1


def test_latest_compares_the_records_of_three_runs_of_one_backend_each(reporting, monkeypatch):
    for backend in ("jax", "tensorflow", "torch"):
        options = [option for option in reporting.select("ok") if option != "--backend=jax"]
        with monkeypatch.context() as patch:
            if backend != "torch":
                fake = lambda folder, tables, title, parquet: folder  # noqa: E731
                patch.setattr(reporting_commands, "write_tables", fake)
            assert reporting.call("run", *options, f"--backend={backend}") == 0
    (row,) = reporting.rows("comparison.csv")
    assert {row[f"{backend}_status"] for backend in ("jax", "tensorflow", "torch")} == {"ok"}
    assert len(Store(reporting.reports).run_ids()) == 3


def test_a_list_names_workloads_datasets_suites_and_interpreters(bench):
    assert bench.call("list", *bench.pythons[:2], "--python=torch=/no/python") == 0
    for word in ("lab_baseline", "FILE.py:FUNCTION", "digits", "cifar10", "quick", "lab"):
        assert word in bench.out
    assert "missing: /no/python" in bench.out


def test_a_doctor_finds_what_is_missing(bench):
    pythons = [*bench.pythons[:2], "--python=torch=/no/python"]
    assert bench.call("doctor", *pythons, f"--reports={bench.reports}") == 0
    assert "/no/python" in bench.out and "NOTE" in bench.out
    assert not bench.reports.exists()


def test_a_reader_that_goes_away_is_no_error(bench):
    command = [sys.executable, "-m", "bench", "list", *bench.pythons]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, cwd=CHECKOUT, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_record_of_another_checkout_is_read_by_the_report(reporting):
    folder = reporting.reports / "runs" / "20260101T000000Z-0000" / "records"
    folder.mkdir(parents=True)
    (folder / "any-name.json").write_bytes(encode_record(make_record()))
    assert reporting.call("report", f"--reports={reporting.reports}") == 0
    assert len(reporting.rows("cells.csv", "20260101T000000Z-0000")) == 1


def test_a_run_makes_the_tables_of_each_of_its_two_reports_once(reporting, monkeypatch):
    reporting.run("ok", more=("--quiet",))
    made = noted_calls(monkeypatch, reporting_commands, "make_tables")
    read = noted_calls(monkeypatch, store_module, "decode_record")
    assert reporting.run("ok", more=("--fresh",)) == 0
    assert len(made) == 2  # the run's own, and latest
    assert len(read) == 2  # each record of the store, once
