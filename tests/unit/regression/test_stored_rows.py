"""A row holds the newest records of a cell, its samples, and why it cannot be judged."""

import dataclasses
from typing import Any

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.record import Record
from bench.core.suite import Overrides, expand, load_suite, suite_names
from bench.regression.pytest_plugin.stored_rows import StoredRow, make_rows
from models.table import WORKLOADS, Recipe
from tests.fixtures.records import make_record

_MACHINE = "0123456789ab"


def _record(**overrides: Any) -> Record:
    return make_record(**{"train_seconds": [9.0, 2.0, 2.5, 3.0, 3.5], **overrides})


def _row(*records: Record) -> StoredRow:
    return make_rows([records[0].cell], records, _MACHINE)[0]


def test_samples_are_the_epochs_of_all_repetitions_but_the_warm_up() -> None:
    row = _row(_record(), _record(repetition=1, train_seconds=[8.0, 4.0, 4.5, 5.0, 5.5]))
    assert row.samples_seconds == (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 5.5)
    assert row.problem is None


def test_a_newer_record_takes_the_place_of_an_older_one() -> None:
    newer = _record(train_seconds=[9.0, 1.0, 1.0, 1.0, 1.0], started_at="2026-12-01T00:00:00+00:00")
    assert _row(_record(), newer).samples_seconds == (1.0,) * 4


def test_a_failed_repetition_makes_the_row_a_problem_with_its_reason() -> None:
    row = _row(_record(), _record(repetition=1, status="failed", reason="the loss is NaN"))
    assert row.problem == "repetition 1 of run 20261101T120000Z-0a1b failed: the loss is NaN"


def test_a_cell_without_a_record_here_is_a_row_with_a_problem() -> None:
    cell = _record().cell
    (row,) = make_rows([cell], [], _MACHINE)
    assert row.problem == f"no record of it on this machine ({_MACHINE})"
    (row,) = make_rows([cell], [_record(machine={"machine_id": "other"})], _MACHINE)
    assert row.problem is not None
    assert row.problem.endswith("the store has only records of other machines")
    assert row.extra_info() == {}


def test_records_of_a_warm_up_alone_are_a_problem() -> None:
    assert _row(_record(train_seconds=[9.0])).problem is not None


def test_the_last_epoch_decides_whether_the_floor_is_reached() -> None:
    good = _record(val_accuracies=[0.1, 0.2, 0.3, 0.4, 0.9])
    bad = _record(repetition=1, val_accuracies=[0.95, 0.95, 0.95, 0.95, 0.8999])
    assert _row(good).accuracy_defects() == []
    (defect,) = _row(good, bad).accuracy_defects()
    assert defect == (
        f"{bad.cell.id}, repetition 1 (run 20261101T120000Z-0a1b) "
        "ends at val_accuracy 0.8999; its floor is 0.9."
    )


def test_a_model_without_an_accuracy_does_not_reach_a_floor() -> None:
    record = _record()
    assert record.result is not None
    epochs = [
        msgspec.structs.replace(e, logs={"val_loss": e.val_loss}) for e in record.result.epochs
    ]
    result = msgspec.structs.replace(record.result, epochs=tuple(epochs))
    (defect,) = _row(msgspec.structs.replace(record, result=result)).accuracy_defects()
    assert "has no val_accuracy; its floor is 0.9" in defect


def test_the_floor_of_a_loss_is_an_upper_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = Recipe(metrics=(), headline="val_mae")
    workload = dataclasses.replace(WORKLOADS["autoencoder"], floor={"digits": 0.5}, recipe=recipe)
    table = {**WORKLOADS, "lab_baseline": workload}
    monkeypatch.setattr("bench.regression.pytest_plugin.stored_rows.WORKLOADS", table)
    for values, defects in (([0.75, 0.25], []), ([0.25, 0.75], ["ends at val_mae 0.75"])):
        logs = [{"val_mae": value} for value in values]
        record = _record(train_seconds=[4.0, 2.0], logs=logs, headline="val_mae")
        row = _row(record)
        found = row.accuracy_defects()
        assert len(found) == len(defects)
        assert all(text in sentence for text, sentence in zip(defects, found, strict=True))
        info = row.extra_info()
        assert (info["headline_metric"], info["headline_mode"]) == ("val_mae", "min")
        assert info["final_headline"] == values[1:]


@pytest.mark.parametrize("fields", [{"workload": "/x/my.py:build"}, {"dataset": "synthetic"}])
def test_a_cell_that_no_floor_is_meant_for_has_none(fields: dict[str, Any]) -> None:
    cell = msgspec.structs.replace(_record().cell, **fields)
    assert StoredRow(cell=cell, records=(), problem=None).accuracy_floor is None


def _cells(suite: str) -> list[Cell]:
    return expand(load_suite(suite), Overrides(), suite)


#: Suites that are about speed alone.
TIMING_ONLY = {"gate", "predict", "race", "ratios", "sweep"}
#: Their cells are cut short, to be quick: no accuracy is promised.
CUT_SHORT = {"text", "vision"}


@pytest.mark.parametrize(
    "cell",
    [c for s in suite_names() if s not in TIMING_ONLY | CUT_SHORT for c in _cells(s)],
    ids=lambda c: c.id,
)
def test_every_cell_of_our_own_suites_has_a_floor(cell: Cell) -> None:
    assert StoredRow(cell=cell, records=(), problem=None).accuracy_floor is not None


def test_a_saved_row_says_what_it_was_measured_on() -> None:
    info = _row(_record(), _record(repetition=1, run_id="later")).extra_info()
    assert info["cell_id"] == _record().cell.id
    assert info["run_ids"] == ["20261101T120000Z-0a1b", "later"]
    assert info["final_val_accuracy"] == [0.875, 0.875]
    assert (info["machine_id"], info["dataset_official"], info["n"]) == (_MACHINE, True, 8)
    assert msgspec.json.decode(msgspec.json.encode(info)) == info
