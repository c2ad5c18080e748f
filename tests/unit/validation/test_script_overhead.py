"""The cost of wrapping a script: pairs in alternating order, their ratio, and the verdict."""

from typing import Any

import pytest

from bench.core.result import Epoch, Result, TrainingPhase, WorkerOutput
from bench.runner.launch import LaunchOutcome
from validation.overhead.pairs import OverheadError
from validation.overhead.scripts import ScriptPair, measure_pairs, wrapping_costs


def outcome(log: str = "", output: WorkerOutput | None = None) -> LaunchOutcome:
    return LaunchOutcome(
        output=output or WorkerOutput(reason="no result"),
        started_at="",
        started_clock=0.0,
        wall_seconds=1.0,
        exit_status=0,
        log_tail=log,
    )


def ours(*seconds: float) -> LaunchOutcome:
    epochs = (Epoch(index=0, warmup=True, train_seconds=1.0),)
    phases = [
        TrainingPhase(name=f"fit {n}", method="fit", line=n, seconds=value, epochs=epochs)
        for n, value in enumerate(seconds)
    ]
    script = TrainingPhase(name="script", method="script", line=None, seconds=9.0)
    numbers: dict[str, Any] = dict.fromkeys(
        ("import_seconds", "data_open_seconds", "build_seconds"), 0.0
    )
    unknown: tuple[str, ...] = (
        "first_step_seconds",
        "train_images",
        "validation_images",
        "parameters",
    )
    none: dict[str, Any] = dict.fromkeys(unknown)
    result = Result(
        epochs=(),
        phases=(script, *phases),
        fit_seconds_total=1.0,
        trainable_parameters=None,
        peak_memory_bytes=1,
        cpu_seconds=0.0,
        settings={},
        **numbers,
        **none,
    )
    return outcome(output=WorkerOutput(result=result))


def test_pairs_alternate_and_hold_the_seconds_of_both_sides():
    order: list[str] = []

    def plain() -> LaunchOutcome:
        order.append("plain")
        return outcome("tf: warning\nfit seconds: 2.0 4.0\n")

    def harness() -> LaunchOutcome:
        order.append("ours")
        return ours(2.5, 4.5)

    done: list[int] = []
    pairs = measure_pairs(3, plain, harness, done.append)
    assert pairs == [ScriptPair((2.0, 4.0), (2.5, 4.5))] * 3
    assert done == [1, 2, 3]
    assert order == ["plain", "ours", "ours", "plain", "plain", "ours"]


def test_the_ratio_is_in_range_only_with_its_whole_interval():
    good = [ScriptPair((1.0, 2.0), (1.0 + n / 1000, 2.01)) for n in range(10)]
    first, second, both = wrapping_costs(good)
    assert all(cost.in_range for cost in (first, second, both))
    assert str(second) == "second fit: 1.0050 [1.0050 to 1.0050], in 0.98 to 1.02"
    slow = [ScriptPair((1.0, 2.0), (1.0, 2.0 + n / 50)) for n in range(10)]
    assert not wrapping_costs(slow)[1].in_range
    assert "NOT in 0.98 to 1.02" in str(wrapping_costs(slow)[1])
    few = wrapping_costs(good[:3])[0]
    assert not few.in_range
    assert str(few) == "first fit: too few pairs for an interval"


def test_a_process_that_failed_ends_the_measurement():
    with pytest.raises(OverheadError, match="printed no seconds: no keras"):
        measure_pairs(1, lambda: outcome("no keras"), lambda: ours(1.0, 1.0))
    with pytest.raises(OverheadError, match="the script failed: no result"):
        measure_pairs(1, lambda: outcome("fit seconds: 1.0 1.0"), outcome)
