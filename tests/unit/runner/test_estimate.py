"""How long a cell will take: by its own records, like ones, or its arithmetic."""

from typing import Any

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.record import Record
from bench.runner.estimate import ImageCounts, estimate
from models.table import WORKLOADS
from tests.fixtures.present import present
from tests.fixtures.records import make_record

IMAGES = ImageCounts(train=1000, test=200)


def cell_of(**fields):
    return make_record(**fields).cell


def seconds_of(cell: Cell, *records: Record) -> float:
    """Return the estimate for `cell` with IMAGES, from these records."""
    return present(estimate(cell, records, IMAGES)).seconds


def test_without_a_record_the_arithmetic_of_the_workload_tells():
    cell = cell_of(workload="mlp", dataset="mnist", epochs=2)
    found = estimate(cell, [], IMAGES)
    passes = 2 * (3 * 1000 + 200)
    assert found is not None and found.basis == "FLOPs"
    assert found.seconds == pytest.approx(8 + WORKLOADS["mlp"].forward_macs * passes / 2.5e10)


def test_the_rate_of_that_is_what_this_machine_reached():
    cell = cell_of(workload="mlp", dataset="mnist", epochs=2)
    slow = make_record(forward_macs=1_000, train_images=10, validation_images=0, epochs=1)
    epoch = present(slow.result).epochs[0]
    rate = 1_000 * 3 * 10 / (epoch.train_seconds + present(epoch.validation_seconds))
    passes = 2 * (3 * 1000 + 200)
    seconds = seconds_of(cell, slow)
    assert seconds == pytest.approx(8 + WORKLOADS["mlp"].forward_macs * passes / rate)


def test_a_record_of_the_workload_at_another_size_counts_by_its_images():
    small = make_record(epochs=3, train_images=100, validation_images=20, wall_seconds=50.0)
    epochs = present(small.result).epochs
    spent = sum(epoch.train_seconds + present(epoch.validation_seconds) for epoch in epochs)
    cell = msgspec.structs.replace(small.cell, epochs=6)
    found = estimate(cell, [small], ImageCounts(train=100, test=20))
    assert found == (pytest.approx(50.0 - spent + 2 * spent), "like records")


def test_a_record_of_the_same_backend_counts_before_those_of_others():
    fields: dict[str, Any] = {"epochs": 3, "train_images": 100, "validation_images": 20}
    own = make_record(wall_seconds=50.0, **fields)
    other = make_record(backend="torch", wall_seconds=500.0, **fields)
    cell = msgspec.structs.replace(own.cell, epochs=6)
    assert estimate(cell, [own, other], ImageCounts(100, 20)) == estimate(
        cell, [own], ImageCounts(100, 20)
    )


def test_limits_and_tasks_count():
    cell = cell_of(workload="mlp", dataset="mnist", epochs=2)
    limited = msgspec.structs.replace(cell, limit_train=100, limit_test=10**9)
    predicted = msgspec.structs.replace(cell, task="predict", limit_test=50)
    macs = WORKLOADS["mlp"].forward_macs
    assert seconds_of(limited) == pytest.approx(8 + macs * 2 * 500 / 2.5e10)
    assert seconds_of(predicted) == pytest.approx(8 + macs * 2 * 50 / 2.5e10)


def test_of_a_users_workload_without_a_record_nobody_can_tell():
    assert estimate(cell_of(workload="/x/cnn.py:build"), [], IMAGES) is None


def test_failed_and_instrumented_records_tell_nothing():
    record = make_record()
    failed = make_record(status="failed", wall_seconds=1.0)
    slow = make_record(instrumented=True, wall_seconds=1.0)
    assert seconds_of(record.cell, failed, slow, record) == record.wall_seconds
