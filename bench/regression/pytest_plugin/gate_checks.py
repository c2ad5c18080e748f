"""Two rows and a verdict per expected cell, from the gate's pairs."""

from typing import Any

import pytest

from bench.regression.pytest_plugin.gate_session import GateReplay


def test_step_seconds(row_name: str, gate_replay: GateReplay, benchmark: Any) -> None:
    """Replay a side's slices as the rounds of a benchmark: seconds per step, one slice a round."""
    row, clock = gate_replay.rows[row_name], gate_replay.clocks[row_name]
    if not row.samples_seconds:
        pytest.fail(f"{row_name} was not measured.", pytrace=False)
    benchmark.extra_info.update(row.extra_info)
    rounds = len(row.samples_seconds)
    benchmark.pedantic(clock.play, setup=clock.rewind, rounds=rounds, iterations=1)
    if clock.read_seconds != row.samples_seconds:
        pytest.fail(f"{row_name}: pytest-benchmark did not measure the row.", pytrace=False)


def test_verdict(cell_id: str, gate_replay: GateReplay) -> None:
    """Hold the verdict of a cell: anything but `pass` and `improved` fails."""
    complaint = gate_replay.complaint(cell_id)
    if complaint:
        pytest.fail(complaint, pytrace=False)
