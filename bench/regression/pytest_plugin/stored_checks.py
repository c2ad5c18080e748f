"""A benchmark row per expected cell, from stored records; nothing is trained or timed here."""

from typing import Any

import pytest

from bench.regression.pytest_plugin.stored_session import GateSession


def test_epoch_seconds(cell_id: str, gate_session: GateSession, benchmark: Any) -> None:
    """Replay the cell's epoch times as benchmark rounds, one epoch per round."""
    row, clock = gate_session.rows[cell_id], gate_session.clocks[cell_id]
    if row.problem:
        pytest.fail(f"{cell_id}: {row.problem}", pytrace=False)
    benchmark.extra_info.update(row.extra_info())
    benchmark.pedantic(
        clock.play, setup=clock.rewind, rounds=len(row.samples_seconds), iterations=1
    )
    if clock.read_seconds != row.samples_seconds:
        pytest.fail(
            f"{cell_id}: pytest-benchmark did not measure the row; --benchmark-disable and "
            "xdist's -n disable it.",
            pytrace=False,
        )


def test_accuracy_floor(cell_id: str, gate_session: GateSession) -> None:
    """Fail if any repetition's headline metric does not reach the workload's floor."""
    row = gate_session.rows[cell_id]
    if row.problem:
        pytest.fail(f"{cell_id}: {row.problem}", pytrace=False)
    defects = row.accuracy_defects()
    if defects:
        pytest.fail(" ".join(defects), pytrace=False)
