"""What is done with results on the command line: compared, told over time, printed for machines."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from bench.storage.store import Store
from tests.fixtures.command_line import Bench
from tests.fixtures.records import make_record
from tests.fixtures.runs import golden_history, launches

pytestmark = pytest.mark.usefixtures("own_signals")

OTHER: dict[str, Any] = {"machine": {"machine_id": "ba9876543210"}}


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    """A store with the runs `one`, `two` and `far`, the last of another machine."""
    bench = Bench(tmp_path, capsys)
    store = Store(bench.reports)
    runs = {"one": launches(2.0, run_id="one"), "two": launches(3.0, run_id="two")}
    runs["two"].append(make_record(run_id="two", seed=1))
    runs["far"] = launches(2.0, run_id="far", **OTHER)
    for records in runs.values():
        for record in records:
            store.save(record)
    return bench


def test_two_runs_are_compared_into_a_folder_of_both_names(bench):
    assert bench.call("compare", "one", "two", f"--reports={bench.reports}") == ExitCode.OK == 0
    folder = bench.reports / "compare" / "one--two"
    assert f"Compared: {folder}/compare.csv" in bench.out
    assert bench.out.index("NOT COMPARED: 1 of 2 cells") < bench.out.index("slower")
    assert sorted(path.name for path in folder.iterdir()) == [
        "compare.csv",
        "compare.html",
        "compare.md",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "one", "three"], "'three' is neither a run id nor a folder with records/"),
        (["compare", "one", "far"], "different machines, 0123456789ab and ba9876543210"),
        (["history", "lab_dep"], "There is no cell 'lab_dep'; the most similar are: lab_baseline-"),
        (["history", "lab"], "matches 2 cells"),
        (["compare", "one"], "RUN_B"),
        (["report", "--quiet", "--json"], "not allowed with"),
    ],
)
def test_what_cannot_be_compared_or_found_exits_2_with_one_sentence(bench, arguments, words):
    assert bench.call(*arguments, f"--reports={bench.reports}") == ExitCode.USAGE == 2
    assert words in bench.err and bench.out == ""


def test_unlike_machines_are_compared_when_asked_for_and_labelled(bench):
    arguments = ("compare", "one", "far", "--across-machines", f"--reports={bench.reports}")
    assert bench.call(*arguments) == 0
    assert "ACROSS MACHINES: A on 0123456789ab, B on ba9876543210" in bench.out


def test_a_published_folder_can_be_compared(bench):
    published = str(CHECKOUT / "reports" / "published" / "lab-cifar10")
    assert bench.call("compare", published, published, f"--reports={bench.reports}") == 0
    assert "no interval: 1 launch each" in " ".join(bench.out.split())


def test_a_folder_that_cannot_be_written_exits_4(bench):
    (bench.reports / "compare").touch()
    assert bench.call("compare", "one", "two", f"--reports={bench.reports}") == ExitCode.STORE == 4
    assert "cannot be written" in bench.err


def test_a_history_is_told_and_written_by_the_cell_s_name(bench):
    for record in golden_history():
        Store(bench.reports).save(record)
    assert bench.call("history", "s0-cpu", f"--reports={bench.reports}") == 0
    folder = bench.reports / "history" / make_record().cell.id
    assert f"History: {folder}/history.csv" in bench.out
    assert "keras 3.15.1 -> 3.15.2" in " ".join(bench.out.split())
    files = ["history.csv", "history.md", "history.svg"]
    assert sorted(path.name for path in folder.iterdir()) == files


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["report"], "latest/comparison.csv"),
        (["compare", "one", "two"], "compare/one--two/compare.csv"),
        (["history", "s1-cpu"], f"history/{make_record(seed=1).cell.id}/history.csv"),
    ],
)
def test_quiet_prints_the_path_alone_and_json_one_object(bench, arguments, path):
    assert bench.call(*arguments, "--quiet", f"--reports={bench.reports}") == 0
    assert (bench.out, bench.err) == (f"{bench.reports}/{path}\n", "")
    assert bench.call(*arguments, "--json", f"--reports={bench.reports}") == 0
    told = json.loads(bench.out)
    assert told["command"] == arguments[0] and bench.err == ""
    assert told["paths"]["csv"] == f"{bench.reports}/{path}"
    assert isinstance(told["rows"], list) and told["counts"]


def test_the_json_of_a_comparison_has_its_rows_with_missing_values_as_null(bench):
    bench.call("compare", "one", "two", "--json", f"--reports={bench.reports}")
    told = json.loads(bench.out)
    assert told["counts"] == {"cells": 2, "compared": 1, "only_a": 0, "only_b": 1}
    assert (told["run_a"], told["run_b"]) == ("one", "two")
    only_in_one, both = told["rows"]
    assert (only_in_one["sides"], only_in_one["seconds_ratio"]) == ("only B", None)
    assert both["seconds_ratio"] == pytest.approx(1.5)


def test_a_quiet_run_tells_its_failures_on_the_error_stream(bench):
    assert bench.run("ok", "crash", more=("--quiet",)) == 1
    assert bench.out == f"{bench.reports}/latest/comparison.csv\n"
    assert "1 of 2 launches failed" in bench.err


def test_the_json_of_a_run_has_its_id_its_counts_and_its_rows(bench):
    assert bench.run("ok", "crash", more=("--json",)) == 1
    told = json.loads(bench.out)
    assert told["run_id"] in Store(bench.reports).run_ids()
    assert told["counts"] == {
        **{"stored": 0, "ok": 1, "unsupported": 0},
        **{"failed": 1, "blocked": 0},
    }
    assert told["exit_code"] == 1
    assert {row["jax_status"] for row in told["rows"]} == {"ok", "failed"}
    assert bench.run("ok", more=("--json",)) == 0
    told = json.loads(bench.out)
    assert told["run_id"] is None and told["counts"]["stored"] == 1
    assert [row["jax_status"] for row in told["rows"]] == ["ok"]


def test_parquet_without_pyarrow_exits_2_with_one_sentence(bench, monkeypatch):
    monkeypatch.setattr("bench.report.files.find_spec", lambda name: None)
    assert bench.call("report", "--parquet", f"--reports={bench.reports}") == 2
    assert bench.err.startswith("Parquet needs pyarrow, ")
