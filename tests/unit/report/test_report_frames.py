"""Epochs, cells and their comparison: rows, columns, statistics, and what is refused."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pandas as pd
import pytest

from bench.core.cell import BACKENDS, Cell
from bench.core.record import Record
from bench.report.tables.build import make_tables
from bench.report.tables.cells import CELLS_COLUMNS, cells_frame
from bench.report.tables.columns import MUST_AGREE, ROW_KEY, Column, names
from bench.report.tables.comparison import COMPARISON_COLUMNS, comparison_frame
from bench.report.tables.epochs import EPOCHS_COLUMNS, STEPS_COLUMNS, epochs_frame
from bench.report.tables.logs import METRICS_COLUMNS
from bench.report.tables.provenance import PROVENANCE_COLUMNS
from bench.report.tables.ratios import RATIOS_COLUMNS, ROUNDS_COLUMNS
from tests.fixtures.records import golden_records, make_detail, make_record, race_records

COLUMNS: dict[str, tuple[Column, ...]] = {
    "epochs": EPOCHS_COLUMNS,
    "cells": CELLS_COLUMNS,
    "comparison": COMPARISON_COLUMNS,
    "rounds": ROUNDS_COLUMNS,
    "ratios": RATIOS_COLUMNS,
    "provenance": PROVENANCE_COLUMNS,
    "steps": STEPS_COLUMNS,
    "metrics": METRICS_COLUMNS,
}


def _only_row(records: Sequence[Record]) -> "pd.Series[Any]":
    frame = comparison_frame(records)
    assert len(frame) == 1
    return frame.astype(object).iloc[0]


def test_the_row_key_holds_every_field_of_a_cell_but_the_backend() -> None:
    assert set(ROW_KEY) >= set(Cell.__struct_fields__) - {"backend"}
    assert "backend" not in ROW_KEY


def test_no_column_is_declared_twice_and_must_agree_names_columns() -> None:
    for columns in COLUMNS.values():
        assert len(set(names(columns))) == len(columns)
        assert all(column.meaning for column in columns)
    assert set(MUST_AGREE) <= set(names(CELLS_COLUMNS))


@pytest.mark.parametrize("records", [[], golden_records()], ids=["none", "golden"])
def test_columns_are_the_declared_ones_whatever_the_records(records: list[Record]) -> None:
    tables = make_tables(records)
    for name, columns in COLUMNS.items():
        frame = getattr(tables, name)
        assert list(frame) == names(columns), name
        assert [str(dtype) for dtype in frame.dtypes] == [column.dtype for column in columns], name


def test_an_unknown_setting_gets_a_column_after_the_declared_ones() -> None:
    frame = cells_frame([make_record(settings={"zeal": 1, "autotune": "on"}), make_record(seed=1)])
    assert list(frame)[-2:] == ["settings_autotune", "settings_zeal"]
    assert frame["settings_zeal"].tolist()[0] == 1


def test_integers_stay_integers_beside_a_failed_record() -> None:
    frame = cells_frame([make_record(), make_record(repetition=1, status="failed")])
    assert str(frame["parameters"].dtype) == "Int64"
    assert frame["settings_steps_per_execution"].tolist() == [1, None]
    assert isinstance(frame["settings_steps_per_execution"].iloc[0], int)


def test_epochs_count_from_1_and_a_failed_record_has_one_row_without_epoch() -> None:
    frame = epochs_frame([make_record(), make_record(backend="torch", status="failed")])
    assert frame["epoch"].tolist() == [1, 2, 3, pd.NA]
    assert frame["warmup"].tolist() == [True, False, False, pd.NA]
    assert frame["status"].iloc[-1] == "failed"
    assert frame["reason"].iloc[-1] == "killed, possibly out of memory"


def test_statistics_leave_the_warm_up_epoch_out() -> None:
    cell = cells_frame([make_record(train_seconds=[90.0, 2.0, 4.0, 3.0])]).astype(object).iloc[0]
    assert cell["epoch_seconds_median"] == 3.0
    assert (cell["epoch_seconds_min"], cell["epoch_seconds_max"]) == (2.0, 4.0)
    assert cell["epoch_seconds_n"] == 3
    assert cell["images_per_second"] == 1437 / 3
    assert cell["validation_seconds_median"] == 0.75


def test_the_first_step_of_each_epoch_is_left_out_of_the_seconds_of_a_step() -> None:
    """Of 33 images in batches of 8 there are 5 steps."""
    record = make_record(train_seconds=[9.0, 2.25, 4.25], batch_size=8, train_images=33)
    assert epochs_frame([record])["step_seconds"].tolist() == [8.75 / 4, 2.0 / 4, 4.0 / 4]
    assert cells_frame([record])["step_seconds_median"].iloc[0] == 0.75
    single = make_record(batch_size=33, train_images=33)
    assert epochs_frame([single])["step_seconds"].isna().all()
    assert cells_frame([single])["step_seconds_median"].isna().all()


def test_one_epoch_leaves_steady_statistics_empty_but_not_the_rest() -> None:
    row = _only_row([make_record(epochs=1), make_record(epochs=1, backend="torch")])
    steady = [name for name in row.index if "epoch_seconds" in str(name)]
    assert row[[*steady, "jax_images_per_second", "fastest_backend"]].isna().all()
    assert row["jax_status"] == "ok"
    assert row["jax_fit_seconds_total_median"] == 5.0


def test_repetitions_are_pooled_by_epoch_and_metrics_by_record() -> None:
    row = _only_row(golden_records()[:6])
    assert row["jax_records"] == 3
    assert row["jax_epoch_seconds_n"] == 6
    assert row["jax_epoch_seconds_median"] == pytest.approx(2.15)
    assert row["jax_fit_seconds_total_median"] == 11.75
    assert row["fastest_backend"] == "jax"
    assert row["timing"] == "not interleaved"


def test_a_failed_repetition_is_counted_and_explained_beside_the_ok_ones() -> None:
    row = _only_row([make_record(), make_record(repetition=1, status="failed")])
    assert (row["jax_status"], row["jax_records"], row["jax_failed_records"]) == ("ok", 1, 1)
    assert row["jax_reason"] == "killed, possibly out of memory"
    assert row["jax_epoch_seconds_n"] == 2


def test_a_backend_without_records_is_missing_and_one_backend_is_never_the_fastest() -> None:
    row = _only_row([make_record(backend="torch"), make_record(backend="jax", status="failed")])
    assert [row[f"{backend}_status"] for backend in BACKENDS] == ["failed", "missing", "ok"]
    assert row["tensorflow_records"] == 0
    assert pd.isna(row["tensorflow_reason"])
    assert pd.isna(row["fastest_backend"])


@pytest.mark.parametrize(
    "mismatched",
    [
        {"fingerprint": "e" * 64},
        {"versions": {"keras": "3.14.0", "torch": "2.13.0"}},
        {"machine": {"machine_id": "another"}},
        {"seed": 1},
        {"limit_train": 100},
        {"lane": "matched"},
    ],
    ids=lambda mismatched: next(iter(mismatched)),
)
def test_mismatched_records_never_share_a_row(mismatched: dict[str, object]) -> None:
    frame = comparison_frame([make_record(), make_record(backend="torch", **mismatched)])
    assert len(frame) == 2
    assert frame["fastest_backend"].isna().all()


@pytest.mark.parametrize(
    ("field", "mismatched"),
    [
        ("parameters", {"parameters": 5}),
        ("train_images", {"train_images": 1}),
        ("environment", {"environment": {"OMP_NUM_THREADS": "1"}}),
        ("settings_data_format", {"settings": {"data_format": "channels_first"}}),
        ("weights_sha256", {"weights_sha256": "e" * 64}),
        ("batch_order_sha256", {"batch_order_sha256": "e" * 64}),
        ("forward_macs", {"forward_macs": 7}),
    ],
)
def test_results_that_must_agree_and_do_not_name_no_fastest_backend(
    field: str, mismatched: dict[str, object]
) -> None:
    like: dict[str, object] = {"weights_sha256": "d" * 64, "batch_order_sha256": "d" * 64}
    row = _only_row(
        [make_record(**like), make_record(**{**like, "backend": "torch", **mismatched})]
    )
    assert row["mismatched"] == field
    assert pd.isna(row["fastest_backend"])


def test_records_of_unlike_digests_are_not_pooled() -> None:
    old, new = make_record(digest="old"), make_record(digest="new", repetition=1)
    row = _only_row([old, new, make_record(backend="torch")])
    assert row["jax_status"] == "mixed"
    assert "not pooled" in str(row["jax_reason"])
    assert pd.isna(row["jax_epoch_seconds_median"])
    assert pd.isna(row["jax_version"])
    assert row["torch_status"] == "ok"


def test_a_record_given_twice_counts_once() -> None:
    row = _only_row([make_record(), make_record()])
    assert row["jax_records"] == 1


def test_rows_that_differ_in_the_lane_alone_stand_one_below_the_other() -> None:
    records = [
        make_record(lane=lane, batch_size=size, precision=precision)
        for lane in ("matched", "default")
        for size in (32, 16)
        for precision in ("mixed_bfloat16", "float32")
    ]
    for frame in (comparison_frame(records), cells_frame(records)):
        assert frame["lane"].tolist() == ["default", "matched"] * 4
        rest = frame[["precision", "batch_size"]].to_numpy().tolist()
        assert rest[::2] == rest[1::2]


def test_an_instrumented_record_is_listed_and_never_counts_as_a_measurement() -> None:
    plain = [make_record(), make_record(backend="torch")]
    slow = {"train_seconds": [9.0, 9.0, 9.0], "peak_memory_bytes": 2_000_000_000}
    detail = make_detail([[0.5]] * 3)
    instrumented = make_record(**slow, instrumented=True, detail=detail, digest="another")
    pd.testing.assert_frame_equal(comparison_frame([*plain, instrumented]), comparison_frame(plain))
    cells = cells_frame([*plain, instrumented])
    assert cells["instrumented"].tolist() == [False, True, False]
    assert cells["feed_seconds"].astype(object).tolist() == [pd.NA, 0.125, pd.NA]
    assert epochs_frame([*plain, instrumented])["instrumented"].sum() == 3
    assert len(comparison_frame([instrumented])) == 0


@pytest.mark.parametrize(
    ("change", "timing"),
    [
        ({}, "interleaved"),
        ({"run_id": "another"}, "not interleaved"),
        ({"race": None}, "not interleaved"),
        ({"run_id": "another", "status": "failed"}, "interleaved"),
    ],
    ids=["one race", "two races", "one is outside", "only a failed one is outside"],
)
def test_a_row_is_interleaved_when_all_its_ok_records_are_of_one_race(
    change: dict[str, Any], timing: str
) -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 2)
    more = make_record(**{"train_seconds": [4.0, 2.0], "run_id": race[0].run_id, "place": (2, 0)})
    if "status" in change:
        change = {**change, "result": None, "reason": "killed"}
    row = _only_row([*race, msgspec.structs.replace(more, **change)])
    assert row["timing"] == timing


def test_a_race_on_an_unsteady_machine_names_no_fastest_backend() -> None:
    contenders = {"jax": 2.0, "torch": 3.0}
    assert _only_row(race_records(contenders, 6))["fastest_backend"] == "jax"
    unsteady = race_records(contenders, 6, slowness=lambda launch: 1 + launch / 10)
    assert pd.isna(_only_row(unsteady)["fastest_backend"])


def test_achieved_work_is_three_forward_passes_of_two_operations_per_mac() -> None:
    record = make_record(train_seconds=[9.0, 2.0], train_images=1000, forward_macs=2_000_000)
    cell, row = cells_frame([record]).iloc[0], _only_row([record])
    peak = 2 * 1024**3 / 0.04 / 1e9
    for name, value in {
        "achieved_gflops": 3 * 2 * 2_000_000 * 500 / 1e9,
        "gemm_peak_fraction": 6.0 / peak,
    }.items():
        assert cell[name] == pytest.approx(value)
        assert row[f"jax_{name}"] == pytest.approx(value)
    assert cell["gemm_peak_gflops"] == row["gemm_peak_gflops"] == pytest.approx(peak)


def test_the_peak_is_the_best_calibration_of_the_row_and_says_nothing_of_a_gpu() -> None:
    slow, fast = make_record(slowness=2.0), make_record(backend="torch")
    row = _only_row([slow, fast])
    assert row["jax_gemm_peak_fraction"] == row["torch_gemm_peak_fraction"]
    cells = cells_frame([slow, fast])
    assert cells["gemm_peak_gflops"].iloc[1] == 2 * cells["gemm_peak_gflops"].iloc[0]
    on_gpu = make_record(device="gpu")
    assert pd.isna(cells_frame([on_gpu])["gemm_peak_fraction"].iloc[0])
    assert pd.isna(_only_row([on_gpu])["jax_gemm_peak_fraction"])


def test_work_that_cannot_be_counted_is_empty_and_names_the_layers() -> None:
    record = make_record(forward_macs=None, uncounted_layers=("lambda", "my_layer"))
    row = _only_row([record])
    assert row["uncounted_layers"] == "lambda, my_layer"
    assert row[["forward_macs", "jax_achieved_gflops", "jax_gemm_peak_fraction"]].isna().all()


def test_memory_is_told_above_the_imported_framework_too() -> None:
    fields = {"baseline_memory_bytes": 300, "device_peak_memory_bytes": 50}
    row = _only_row([make_record(peak_memory_bytes=1000, **fields)])
    assert row["jax_memory_over_baseline_bytes"] == 700
    assert row["jax_device_peak_memory_bytes"] == 50
    unknown = _only_row([make_record(baseline_memory_bytes=None)])
    assert pd.isna(unknown["jax_memory_over_baseline_bytes"])
    assert pd.isna(unknown["jax_device_peak_memory_bytes"])
