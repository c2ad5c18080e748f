"""Where the wall time of a launch went."""

import msgspec
import pytest

from bench.core.record import Record
from bench.report.tables.cells import cells_frame
from bench.report.tables.metrics import PHASE_COLUMNS, phase_seconds
from tests.fixtures.records import make_record


def of_version_1(record: Record) -> Record:
    """Return the record as version 1 would have stored it."""
    assert record.result is not None
    epochs = [
        msgspec.structs.replace(epoch, tail_seconds=None, first_step_seconds=None)
        for epoch in record.result.epochs
    ]
    lacking = ("setup_seconds", "teardown_seconds", "harness_seconds", "entered_at", "left_at")
    result = msgspec.structs.replace(record.result, epochs=tuple(epochs), **dict.fromkeys(lacking))
    return msgspec.structs.replace(
        record, record_version=1, result=result, interpreter_seconds=None, exit_seconds=None
    )


def test_the_phases_stand_in_their_order_and_add_up_to_the_wall_time() -> None:
    record = make_record(
        train_seconds=[4.0, 2.0],
        wall_seconds=30.5,
        interpreter_seconds=0.0625,
        harness_seconds=0.375,
        import_seconds=3.5,
        data_open_seconds=0.125,
        build_seconds=0.25,
        setup_seconds=0.25,
        first_step_seconds=1.5,
        teardown_seconds=0.5,
        exit_seconds=0.75,
    )
    phases = phase_seconds(record)
    assert list(phases) == list(PHASE_COLUMNS)
    assert phases["steps"] == 4.0 + 2.0 - 1.5
    assert phases["validation"] == 1.0 + 0.5
    assert phases["tail"] == 2 * 0.03125 + 0.5
    assert sum(phases.values()) == pytest.approx(30.5)
    covered = 0.0625 + 0.375 + 3.5 + 0.125 + 0.25 + 0.25 + 6.0 + 1.5 + 0.5625 + 0.75
    assert phases["unattributed"] == pytest.approx(30.5 - covered)


def test_clocks_that_overlap_show_as_a_negative_rest() -> None:
    assert phase_seconds(make_record(wall_seconds=1.0))["unattributed"] < 0


def test_without_a_first_step_all_training_is_steps() -> None:
    phases = phase_seconds(make_record(train_seconds=[4.0, 2.0], first_step_seconds=None))
    assert "first step" not in phases
    assert phases["steps"] == 6.0
    assert sum(phases.values()) == pytest.approx(30.5)


@pytest.mark.parametrize(
    "record",
    [make_record(status="failed"), of_version_1(make_record()), make_record(exit_seconds=None)],
    ids=["failed", "version 1", "a clock is missing"],
)
def test_a_record_without_all_clocks_has_no_phases(record: Record) -> None:
    assert phase_seconds(record) == {}
    cell = cells_frame([record]).iloc[0]
    assert cell[["steps_seconds", "tail_seconds", "unattributed_seconds"]].isna().all()


def test_the_phases_of_cells_csv_add_up_to_its_wall_seconds() -> None:
    records = [make_record(), make_record(backend="torch", first_step_seconds=None)]
    cells = cells_frame(records)
    assert cells[list(PHASE_COLUMNS.values())].sum(axis=1).tolist() == pytest.approx([30.5, 30.5])


def test_what_version_1_measured_stays_in_its_columns() -> None:
    cell = cells_frame([of_version_1(make_record())]).iloc[0]
    assert cell["import_seconds"] == 3.5
    assert cell["first_step_seconds"] == 1.5
