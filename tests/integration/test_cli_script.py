"""`--script` on its real path through run, plan, race, report and history, with a fake worker."""

from pathlib import Path

import pytest

from bench.core.exit_codes import ExitCode
from bench.core.record import Record
from bench.core.script import Script
from bench.storage.store import Store
from tests.fixtures.command_line import Bench
from tests.fixtures.present import present

pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    (tmp_path / "train.py").write_text("import keras\n")
    return Bench(tmp_path, capsys)


def call(
    bench: Bench, command: str, *words: str, mode: str = "phases", backend: str = "jax"
) -> int:
    """Call a command with the script, whose last argument chooses what the fake worker does."""
    options = (f"--reports={bench.reports}", f"--backend={backend}", *bench.pythons, *words)
    return bench.call(command, "--script", str(bench.folder / "train.py"), *options, "--", mode)


def records(bench: Bench) -> list[Record]:
    return Store(bench.reports).load_all()


def test_a_script_runs_is_stored_and_its_phases_are_printed(bench):
    assert call(bench, "run") == ExitCode.OK
    assert "0 stored (not trained again), 1 to train." in bench.out
    lines = [line.split() for line in bench.out.splitlines()]
    assert ["jax", "script", "3", "1", "0.500"] in lines
    assert ["fit", "3", "1", "2", "0.750", "1.5"] in lines
    assert not any("script 2" in line for line in bench.out.splitlines())
    (record,) = records(bench)
    assert record.cell.workload == Script(bench.folder / "train.py", ("phases",)).workload
    assert record.dataset.name == "own"
    assert not record.dataset.official
    assert record.dataset.source == "made by the workload itself"
    assert record.dataset.fingerprint == record.workload_source
    assert [phase.name for phase in present(record.result).phases] == ["script", "fit", "script 2"]

    assert call(bench, "run") == ExitCode.OK
    assert "1 stored (not trained again), 0 to train." in bench.out
    assert bench.call("report", f"--reports={bench.reports}") == ExitCode.OK, bench.err
    report = (bench.reports / "latest" / "report.md").read_text()
    assert "the script's own seeds" in report
    assert "bNone" not in (bench.reports / "latest" / "report.html").read_text()
    assert bench.call("history", record.cell.id, f"--reports={bench.reports}") == ExitCode.OK, (
        bench.err
    )


def test_an_edited_script_and_other_stand_ins_run_again(bench):
    call(bench, "run")
    (bench.folder / "train.py").write_text("import keras  # edited\n")
    assert call(bench, "plan") == ExitCode.OK
    assert "0 stored (not trained again), 1 to train" in bench.out
    assert "no record yet" in bench.out
    files = bench.folder / "files"
    files.mkdir()
    stand_ins = f"--stand-ins={files}"
    assert call(bench, "run", stand_ins) == ExitCode.OK
    (files / "a.csv").touch()
    assert call(bench, "run", stand_ins) == ExitCode.OK
    assert "0 stored (not trained again), 1 to train" in bench.out
    assert call(bench, "run", stand_ins) == ExitCode.OK
    assert "1 stored (not trained again), 0 to train" in bench.out
    assert len(records(bench)) == 3
    runs = Store(bench.reports).run_ids()
    assert bench.call("compare", *runs[1:], f"--reports={bench.reports}") == ExitCode.OK, bench.err


def test_a_script_that_fails_has_a_record_with_the_reason(bench):
    assert call(bench, "run", mode="crash") == ExitCode.CELLS_FAILED
    (record,) = records(bench)
    assert record.status == "failed"
    assert "no such layer" in str(record.reason)


def test_a_result_without_phases_and_epochs_is_refused(bench):
    assert call(bench, "run", mode="ok") == ExitCode.CELLS_FAILED
    (record,) = records(bench)
    assert "there is no epoch in the result" in str(record.reason)


def test_a_race_of_a_script_alternates_and_is_complete(bench):
    words = ("--backend=torch", "--rounds=2")
    assert call(bench, "race", *words) == ExitCode.OK
    races = [present(record.race) for record in records(bench)]
    assert sorted((race.round, race.position) for race in races) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert bench.out.count("fit ") >= 2
    resumed = bench.call("race", "--resume", f"--reports={bench.reports}")
    assert resumed == ExitCode.USAGE
    assert "no unfinished race" in bench.err


def test_a_missing_script_ends_in_one_sentence(bench):
    assert bench.call("run", "--script", str(bench.folder / "trai.py")) == ExitCode.USAGE
    assert bench.err.strip().endswith("trai.py does not exist; did you mean 'train.py'?")


def test_profile_steps_takes_no_script(bench):
    assert call(bench, "profile-steps") == ExitCode.USAGE
    assert "unrecognized argument '--script'" in bench.err


def test_json_has_a_row_without_epochs(bench):
    assert call(bench, "run", "--json") == ExitCode.OK
    assert '"epochs": null' in bench.out
