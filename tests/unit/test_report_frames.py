"""The three tables: rows, columns, statistics, and what is refused."""

import cProfile
import pstats
from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from bench.cell import BACKENDS, Cell
from bench.record import Record
from bench.report.columns import (
    CELLS_COLUMNS,
    COMPARISON_COLUMNS,
    EPOCHS_COLUMNS,
    MUST_AGREE,
    ROW_KEY,
    names,
)
from bench.report.frames import cells_frame, comparison_frame, epochs_frame
from tests.fixtures.records import golden_records, make_record


def _only_row(records: Sequence[Record]) -> "pd.Series[Any]":
    frame = comparison_frame(records)
    assert len(frame) == 1
    return frame.astype(object).iloc[0]


def test_the_row_key_holds_every_field_of_a_cell_but_the_backend() -> None:
    assert set(ROW_KEY) >= set(Cell.__struct_fields__) - {"backend"}
    assert "backend" not in ROW_KEY


def test_no_column_is_declared_twice_and_must_agree_names_columns() -> None:
    for columns in (EPOCHS_COLUMNS, CELLS_COLUMNS, COMPARISON_COLUMNS):
        assert len(set(names(columns))) == len(columns)
        assert all(column.meaning for column in columns)
    assert set(MUST_AGREE) <= set(names(CELLS_COLUMNS))


@pytest.mark.parametrize("records", [[], golden_records()], ids=["none", "golden"])
def test_columns_are_the_declared_ones_whatever_the_records(records: list[Record]) -> None:
    assert list(epochs_frame(records)) == names(EPOCHS_COLUMNS)
    assert list(cells_frame(records)) == names(CELLS_COLUMNS)
    assert list(comparison_frame(records)) == names(COMPARISON_COLUMNS)


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


def test_one_epoch_leaves_steady_statistics_empty_but_not_the_rest() -> None:
    row = _only_row([make_record(epochs=1), make_record(epochs=1, backend="torch")])
    steady = [name for name in row.index if "epoch_seconds" in str(name)]
    assert row[[*steady, "jax_images_per_second", "fastest_backend"]].isna().all()
    assert row["jax_status"] == "ok"
    assert row["jax_fit_seconds_total_median"] == 5.0


def test_repetitions_are_pooled_by_epoch_and_metrics_by_record() -> None:
    row = _only_row([r for r in golden_records() if r.cell.epochs == 3 and r.dataset.official])
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
    "unlike",
    [
        {"fingerprint": "e" * 64},
        {"versions": {"keras": "3.14.0", "torch": "2.13.0"}},
        {"machine": {"machine_id": "another"}},
        {"seed": 1},
        {"limit_train": 100},
    ],
    ids=lambda unlike: next(iter(unlike)),
)
def test_unlike_records_never_share_a_row(unlike: dict[str, object]) -> None:
    frame = comparison_frame([make_record(), make_record(backend="torch", **unlike)])
    assert len(frame) == 2
    assert frame["fastest_backend"].isna().all()


@pytest.mark.parametrize(
    ("field", "unlike"),
    [
        ("parameters", {"parameters": 5}),
        ("train_images", {"train_images": 1}),
        ("environment", {"environment": {"OMP_NUM_THREADS": "1"}}),
        ("settings_data_format", {"settings": {"data_format": "channels_first"}}),
    ],
)
def test_results_that_must_agree_and_do_not_name_no_fastest_backend(
    field: str, unlike: dict[str, object]
) -> None:
    row = _only_row([make_record(), make_record(backend="torch", **unlike)])
    assert row["unlike"] == field
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


def test_work_grows_in_proportion_to_the_records() -> None:
    def calls(seeds: int) -> int:
        records = [make_record(backend=b, seed=seed) for seed in range(seeds) for b in BACKENDS]
        with cProfile.Profile() as profile:
            comparison_frame(records)
        return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]

    few = calls(40)
    assert calls(160) < 5 * few
