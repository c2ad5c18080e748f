"""Two runs side by side: what is refused, what has an interval, and how it is told."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from bench.core.paths import CHECKOUT
from bench.core.record import Record
from bench.report.render.compare import compare_renderables
from bench.report.render.format import Row, table_rows
from bench.report.tables.compare_columns import COMPARE_COLUMNS
from bench.report.tables.compare_runs import MismatchError, compare_frame
from bench.report.tables.run_selection import ComparedRun, RunSelectionError, find_compared_run
from bench.storage.store import Store
from tests.fixtures.records import make_calibration, make_record
from tests.fixtures.runs import golden_sides, launches, write_golden

GOLDEN = CHECKOUT / "tests" / "fixtures" / "golden"
OTHER: dict[str, Any] = {"machine": {"machine_id": "ba9876543210"}}


def _rows(a: list[Record], b: list[Record], **options: Any) -> list[Row]:
    return table_rows(compare_frame(ComparedRun("A", a), ComparedRun("B", b), **options))


def _row(a: list[Record], b: list[Record], **options: Any) -> Row:
    (row,) = _rows(a, b, **options)
    return row


def _printed(rows: list[Row]) -> list[str]:
    console = Console(width=120, color_system=None, force_terminal=False)
    with console.capture() as capture:
        console.print(*compare_renderables(rows, "before", "after"), sep="\n")
    return capture.get().splitlines()


@pytest.mark.parametrize("name", ["compare.csv", "compare.md"])
def test_files_are_the_golden_ones(tmp_path: Path, name: str) -> None:
    """A wanted change: `python -m tests.fixtures.runs tests/fixtures/golden`."""
    write_golden(tmp_path)
    assert (tmp_path / name).read_text("utf-8") == (GOLDEN / name).read_text("utf-8")


def test_cells_of_one_side_alone_come_first_and_loudly_everywhere() -> None:
    a, b = golden_sides()
    rows = table_rows(compare_frame(a, b))
    only_in_one = [row["sides"] != "both" for row in rows]
    assert only_in_one == sorted(only_in_one, reverse=True) and sum(only_in_one) == 3
    text = (GOLDEN / "compare.md").read_text("utf-8")
    assert text.index("NOT COMPARED: 3 of 9 cells") < text.index("\nA is before")
    lines = _printed(rows)
    assert lines[1] == "NOT COMPARED: 3 of 9 cells are in only one run"
    assert "only in A (before), missing in B (after)" in lines[2]


def test_hostile_text_is_harmless() -> None:
    markdown = (GOLDEN / "compare.md").read_text("utf-8")
    assert "&lt;script&gt;" in markdown and "<script>" not in markdown
    assert "\x1b" not in markdown + (GOLDEN / "compare.csv").read_text("utf-8")
    a, b = golden_sides()
    text = "\n".join(_printed(table_rows(compare_frame(a, b))))
    assert "red[/red]" in text and "\x1b" not in text


def test_a_ratio_stands_with_its_interval_and_is_b_to_a() -> None:
    row = _row(launches(2.0), launches(3.0))
    assert row["time"] == "ok"
    assert row["seconds_ratio"] == pytest.approx(1.5, rel=1e-6)
    assert 1.4 < row["seconds_ratio_low"] < 1.5 < row["seconds_ratio_high"] < 1.6
    assert row["val_accuracy_difference_low"] <= 0 <= row["val_accuracy_difference_high"]
    assert row["changed"] is None and row["across_machines"] is False


def test_the_launch_is_the_sampling_unit_and_five_have_no_interval() -> None:
    many_epochs = [2.0] * 50
    few = [make_record(train_seconds=many_epochs, repetition=n) for n in range(5)]
    six = [make_record(train_seconds=many_epochs, repetition=n) for n in range(6)]
    row = _row(few, six)
    assert row["time"] == "too few launches"
    assert (row["launches_a"], row["launches_b"], row["epoch_seconds_a"]) == (5, 6, 2.0)
    assert row["seconds_ratio"] is row["val_accuracy_difference"] is None
    text = "\n".join(_printed([row]))
    assert "no interval: 5 and 6 launches" in " ".join(text.split())


def test_an_unsteady_or_uncalibrated_machine_gives_no_ratio_but_accuracies() -> None:
    row = _row(launches(2.0), launches(2.0, slowness=1.5))
    assert (row["time"], row["seconds_ratio"]) == ("unstable", None)
    assert row["gemm_drift"] > 0.25
    assert row["val_accuracy_difference"] is not None
    row = _row(launches(2.0), launches(2.0, calibration=None))
    assert row["time"] == "ok", "one side was calibrated"
    assert _row(*[launches(2.0, calibration=None)] * 2)["time"] == "unstable"


def test_what_is_timed_must_be_the_same() -> None:
    row = _row(launches(2.0), launches(2.0, protocol_version=3))
    assert (row["time"], row["changed"]) == ("mismatched", "protocol 2 -> 3")


def test_failed_and_mixed_sides_have_no_ratio() -> None:
    failed = [make_record(status="failed", repetition=n) for n in range(6)]
    row = _row(launches(2.0), failed)
    assert (row["time"], row["failed_b"], row["launches_b"]) == ("no time", 6, 0)
    mixed = [*launches(2.0), make_record(digest="0" * 64, repetition=6)]
    row = _row(mixed, launches(2.0))
    assert (row["time"], row["epoch_seconds_a"]) == ("mixed", None)


def test_unlike_machines_are_refused_by_name_unless_asked_for_and_then_labelled() -> None:
    a, b = launches(2.0), launches(2.0, **OTHER)
    with pytest.raises(
        MismatchError, match=r"different machines, 0123456789ab and ba9876543210; --acr"
    ):
        _rows(a, b)
    row = _row(a, b, across_machines=True)
    assert row["across_machines"] and row["time"] == "ok"
    assert "ACROSS MACHINES: A on 0123456789ab, B on ba9876543210" in "\n".join(_printed([row]))


def test_across_machines_each_machine_must_be_steady_on_its_own() -> None:
    slower = launches(2.0, **OTHER, slowness=3.0)
    assert _row(launches(2.0), slower, across_machines=True)["time"] == "ok"
    restless = [
        make_record(repetition=n, **OTHER, calibration=(make_calibration(1 + n),) * 2)
        for n in range(6)
    ]
    assert _row(launches(2.0), restless, across_machines=True)["time"] == "unstable"


def test_unlike_datasets_are_refused_even_across_machines() -> None:
    with pytest.raises(MismatchError, match=r"'digits' differ, with the fingerprints f+ and 0+\.$"):
        _rows(launches(2.0), launches(2.0, fingerprint="0" * 64), across_machines=True)


def test_runs_without_a_common_cell_are_refused() -> None:
    with pytest.raises(MismatchError, match="A and B have no cell in common"):
        _rows(launches(2.0), launches(2.0, seed=1))


def test_a_side_is_a_run_id_or_a_folder_and_leaves_instrumented_launches_out(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path)
    with pytest.raises(RunSelectionError, match=r"'x' is neither .*; the newest runs: none\.$"):
        find_compared_run("x", store)
    store.save(make_record(instrumented=True))
    run_id = make_record().run_id
    with pytest.raises(RunSelectionError, match=f"'{run_id}' contains no record"):
        find_compared_run(run_id, store)
    store.save(make_record(seed=1))
    assert [record.cell.seed for record in find_compared_run(run_id, store).records] == [1]
    assert find_compared_run(str(store.run_folder(run_id)), store).name == run_id
    published = find_compared_run(str(CHECKOUT / "reports" / "published" / "lab-cifar10"), store)
    assert (published.name, len(published.records)) == ("lab-cifar10", 6)


def test_the_published_run_compared_with_itself_has_no_interval() -> None:
    published = CHECKOUT / "reports" / "published" / "lab-cifar10"
    side = find_compared_run(str(published), Store(published))
    rows = table_rows(compare_frame(side, side))
    assert {row["time"] for row in rows} == {"too few launches"}
    assert not any(row["changed"] for row in rows)


def test_two_single_records_can_be_compared_and_every_column_is_declared() -> None:
    frame = compare_frame(ComparedRun("A", [make_record()]), ComparedRun("B", [make_record()]))
    assert list(frame.columns) == [column.name for column in COMPARE_COLUMNS]
    assert pd.isna(frame["seconds_ratio"]).all()
