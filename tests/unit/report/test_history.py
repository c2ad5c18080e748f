"""One cell over all runs: its rows, what changed, and how a cell is found."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from bench.core.paths import CHECKOUT
from bench.report.charts.history import history_svg
from bench.report.render.format import table_rows
from bench.report.render.history import history_renderables
from bench.report.tables.history import UnknownCellError, find_cell, history_frame
from tests.fixtures.records import make_record
from tests.fixtures.runs import golden_history, write_golden

GOLDEN = CHECKOUT / "tests" / "fixtures" / "golden"


@pytest.mark.parametrize("name", ["history.csv", "history.md", "history.svg"])
def test_files_are_the_golden_ones(tmp_path: Path, name: str) -> None:
    """A wanted change: `python -m tests.fixtures.runs tests/fixtures/golden`."""
    write_golden(tmp_path)
    text = (tmp_path / name).read_text("utf-8")
    assert text == (GOLDEN / name).read_text("utf-8")
    assert "<script>" not in text or name.endswith(".csv")
    assert "\x1b" not in text


def test_a_row_says_what_changed_against_the_row_before() -> None:
    frame = history_frame(list(reversed(golden_history())))
    changed = frame["changed"].fillna("").tolist()
    assert changed == [
        *("", "", "keras 3.15.1 -> 3.15.2", ""),
        "workload source; machine 0123456789ab -> ba9876543210",
    ]
    assert frame["run_id"].is_monotonic_increasing
    assert frame["epoch_seconds_n"].fillna(0).tolist() == [4, 4, 4, 0, 4]
    assert frame["failed_records"].tolist() == [0, 0, 0, 1, 0]


def test_instrumented_launches_are_left_out() -> None:
    assert len(history_frame([make_record(instrumented=True)])) == 0


def test_the_terminal_shows_a_bar_per_run_and_the_reason_of_a_failed_one() -> None:
    console = Console(width=160, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(*history_renderables(table_rows(history_frame(golden_history()))), sep="\n")
    lines = capture.get().splitlines()
    bars = [line.count("█") for line in lines if "T120000Z" in line]
    assert bars == [9, 10, 12, 0, 6]
    assert "failed: =cmd" in capture.get()


def test_the_drawing_is_valid_and_marks_each_change() -> None:
    drawing = history_svg(table_rows(history_frame(golden_history())))
    root = ElementTree.fromstring(drawing)
    lines = root.findall("{*}line[@class='changed']")
    assert lines[0].findtext("{*}title") == "keras 3.15.1 -> 3.15.2"
    assert (len(lines), len(root.findall("{*}circle"))) == (2, 4)
    failed = table_rows(history_frame([make_record(status="failed")]))
    assert ElementTree.fromstring(history_svg(failed)).findall("{*}circle") == []


@pytest.mark.parametrize("name", ["lab_deep-digits-jax-b8", "deep", "ep-digits-j"])
def test_a_cell_is_found_by_its_id_or_a_part_that_no_other_has(name: str) -> None:
    ids = ["lab_deep-digits-jax-b8", "lab_baseline-digits-jax-b8"]
    assert find_cell(name, ids) == ids[0]


def test_a_whole_id_is_found_although_another_contains_it() -> None:
    assert find_cell("a-e5", ["a-e5", "a-e5-n64"]) == "a-e5"


def test_an_unknown_cell_is_told_with_the_nearest_and_an_unclear_one_with_all() -> None:
    ids = ["lab_deep-digits-jax", "lab_baseline-digits-jax"]
    with pytest.raises(
        UnknownCellError, match=r"no cell 'lab_dep-digits'.* are: lab_deep-digits-j"
    ):
        find_cell("lab_dep-digits", ids)
    with pytest.raises(UnknownCellError, match=r"matches 2 cells, .*: lab_baseline-.*, lab_deep-"):
        find_cell("jax", ids)
    with pytest.raises(UnknownCellError, match="the most similar are: none"):
        find_cell("jax", [])
    with pytest.raises(UnknownCellError, match=r"matches 9 cells.*…"):
        find_cell("a", [f"a{n}" for n in range(9)])
