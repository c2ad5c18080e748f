"""Two benchmark rows and a verdict test per expected cell, from the gate's pairs."""

from typing import Any

import pytest

from bench.regression.pytest_plugin.gate_session import GateReplay


def test_step_seconds(row_name: str, gate_replay: GateReplay, benchmark: Any) -> None:
    """Replay a side's slices as benchmark rounds: seconds per step, one slice per round."""
    row, clock = gate_replay.rows[row_name], gate_replay.clocks[row_name]
    if not row.samples_seconds:
        pytest.fail(f"{row_name} was not measured.", pytrace=False)
    benchmark.extra_info.update(row.extra_info)
    rounds = len(row.samples_seconds)
    benchmark.pedantic(clock.play, setup=clock.rewind, rounds=rounds, iterations=1)
    if clock.read_seconds != row.samples_seconds:
        pytest.fail(f"{row_name}: pytest-benchmark did not measure the row.", pytrace=False)


def test_verdict(cell_id: str, gate_replay: GateReplay) -> None:
    """Fail unless the verdict of the cell is `pass` or `improved`."""
    failure = gate_replay.failure_message(cell_id)
    if failure:
        pytest.fail(failure, pytrace=False)
