"""The simulated machine and suites: they err as they say, and answers are counted right."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from validation.gate import simulation as simulated
from validation.gate.noise_model import Noise, Program, SimulatedMachine
from validation.gate.other_tools import REFERENCE_METHODS
from validation.gate.simulation import (
    ARMS,
    CELLS,
    DRIFTS,
    GATE,
    RULES_VERSION,
    SuiteRow,
    simulate_suite,
)
from validation.gate.simulation_run import simulate_missing
from validation.gate.store import SampleStore

QUIET = Noise(0.0, 300.0, launch=0.0, piece=0.0, spike_chance=0.0, clocks=0.0)
DRIFT, NONE_SLOWER, THREE_SLOWER, ALL_SLOWER = (next(iter(DRIFTS)), *ARMS)


def machine(noise: Noise, seed: int = 0, seconds: float = 3000.0) -> SimulatedMachine:
    return SimulatedMachine(noise, seed, seed + 1, seconds)


def test_a_machine_without_noise_takes_what_the_work_takes() -> None:
    quiet = machine(QUIET)
    wall, cpu = quiet.slices(10, 0.3, 0.1, 1.0)
    assert np.allclose(wall, 0.3)
    assert np.allclose(cpu, 0.3)
    assert quiet.now == pytest.approx(4.0)
    assert quiet.process(Program(1.05, 1.0)) == 1.05


@pytest.mark.parametrize("field", ["drift", "launch", "piece"])
def test_each_source_of_noise_has_the_spread_that_it_says(field: str) -> None:
    noise = QUIET._replace(**{field: 0.1}, drift_seconds=10.0)
    one = machine(noise, seconds=40_000.0)
    if field == "launch":
        logs = np.log([one.process(Program(1.0, 1.0)) for _ in range(4000)])
    else:
        wall, _ = one.slices(4000, 1.0, 9.0, 1.0)
        logs = np.log(wall)
    assert np.std(logs) == pytest.approx(0.1, rel=0.1)


def test_the_drift_forgets_in_its_correlation_time() -> None:
    one = machine(QUIET._replace(drift=0.1, drift_seconds=30.0), seconds=300_000.0)
    logs = np.log(one.slices(9000, 1.0, 29.0, 1.0)[0])
    assert np.corrcoef(logs[:-1], logs[1:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_a_noisier_program_is_noisier() -> None:
    noise = QUIET._replace(piece=0.05)
    calm, noisy = (np.std(machine(noise).slices(2000, 1.0, 0.0, by)[0]) for by in (1.0, 3.0))
    assert noisy > 2 * calm


def test_spikes_are_on_the_wall_clock_alone() -> None:
    wall, cpu = machine(QUIET._replace(spike_chance=0.1)).slices(1000, 1.0, 0.0, 1.0)
    assert np.mean(wall > 1.001) == pytest.approx(0.1, abs=0.04)
    assert np.allclose(cpu, 1.0)


@pytest.fixture(scope="module")
def slower() -> SuiteRow:
    return simulate_suite(DRIFT, THREE_SLOWER, 0)


def test_every_rule_answers_for_every_cell_on_each_of_its_schedules(slower: SuiteRow) -> None:
    rules = [(said.rule, said.schedule) for said in slower.answers]
    assert rules[0] == (GATE, "lock-step")
    assert len(set(rules)) == len(rules) == 1 + 2 * len(REFERENCE_METHODS)
    for said in slower.answers[1:]:
        assert said.false_alarms + said.passed_equal == CELLS - 3
        assert said.found + said.passed_slower == 3


def test_the_gate_finds_clear_slowdowns_and_raises_no_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(simulated.ARMS, "clear", (3, 1.2))  # type: ignore[index]
    said = simulate_suite(DRIFT, "clear", 0).answers[0]
    assert (said.false_alarms, said.found, said.passed_equal, said.passed_slower) == (0, 3, 27, 0)


def test_a_run_after_the_other_meets_another_moment_of_the_machine() -> None:
    """Under drift alone, a rule on its own schedule raises alarms and in lock-step none."""
    only_drift = QUIET._replace(drift=0.2)
    drifts = {**DRIFTS, "only": only_drift}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(simulated, "DRIFTS", drifts)
        patch.setattr(simulated, "judge_looks", _nothing)
        patch.setattr(simulated, "judge_means", lambda *_: {"all": _nothing_said()})
        said = {(s.rule, s.schedule): s for s in simulate_suite("only", NONE_SLOWER, 0).answers}
    rule = REFERENCE_METHODS[0].name
    assert said[rule, "one run after the other"].false_alarms > 5
    assert said[rule, "lock-step"].false_alarms == 0


@dataclass
class _Judged:
    verdict: str = "pass"


def _nothing(cells: dict[str, object], *_: object) -> dict[str, _Judged]:
    return {name: _Judged() for name in cells}


def _nothing_said() -> _Judged:
    return _Judged()


@pytest.mark.parametrize("rival", REFERENCE_METHODS, ids=lambda rival: rival.name)
def test_a_rival_calls_twice_as_slow_slower_and_the_same_or_faster_not(rival: object) -> None:
    draw = np.random.default_rng(0)
    values, others = (1 + 0.01 * draw.random((2, 120))) * 0.3
    slower = rival.slower  # type: ignore[attr-defined]
    assert slower(values, 2 * others)
    assert not slower(values, values)
    assert not slower(2 * values, others)


def test_rivals_have_as_many_values_as_the_gate_at_its_first_look() -> None:
    assert {rival.processes * rival.values for rival in REFERENCE_METHODS} == {120}


def test_missing_suites_are_simulated_once_and_rows_of_other_rules_are_kept(
    tmp_path: Path,
) -> None:
    book = SampleStore(tmp_path)
    old = SuiteRow(rules=RULES_VERSION - 1, drift=DRIFT, arm=NONE_SLOWER, suite=0, answers=())
    book.add(old)
    console = Console(quiet=True)
    simulate_missing(book, 1, console, [DRIFT], [NONE_SLOWER])
    new = simulate_suite(DRIFT, NONE_SLOWER, 0)
    assert new.rules == RULES_VERSION
    assert book.rows(SuiteRow) == [old, new]
    assert book.suites() == ([new], {RULES_VERSION - 1: 1})
    simulate_missing(book, 1, console, [DRIFT], [NONE_SLOWER])
    assert book.rows(SuiteRow) == [old, new]
