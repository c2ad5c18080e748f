"""Pairs of fake sides: turns, who they are, and every way in which a side can fail."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.core.paths import CHECKOUT
from bench.regression import lockstep
from bench.regression.lockstep import PairSpec, run_pair
from bench.regression.pair import Pair
from bench.regression.side_process import SideSpec
from bench.regression.validity import SLICES, invalid_reason
from tests.fixtures.fake_python import are_gone, hung_pids
from tests.fixtures.processes import patient
from tests.fixtures.sides import make_seat, time_turns_by_slices

FAKE = ("-I", "-S", str(CHECKOUT / "tests" / "fixtures" / "fake_side.py"))


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockstep, "SLICE_SECONDS", 0.002)
    time_turns_by_slices(monkeypatch)


def pair(
    tmp_path: Path, candidate: SideSpec, number: int = 0, timeout_seconds: float | None = None
) -> Pair:
    pair_spec = PairSpec(kind="cell", baseline=make_seat(), candidate=candidate)
    return run_pair(pair_spec, number, tmp_path, FAKE, timeout_seconds or patient(30.0))


@pytest.mark.parametrize("number", [0, 1])
def test_both_sides_take_all_their_turns(tmp_path: Path, number: int) -> None:
    side_spec = make_seat()
    found = pair(tmp_path, side_spec, number)
    assert found.reason is None
    assert len(found.slices) == SLICES
    assert {turn.baseline.steps for turn in found.slices} == {13}
    assert (
        invalid_reason([replace(found, number=0)], side_spec.identity, side_spec.identity) is None
    )


def test_steps_that_begin_together_are_a_whole_number_of_executions_on_both_sides(
    tmp_path: Path,
) -> None:
    harder = make_seat("four_together", work=1.1)
    found = pair(tmp_path, harder)
    assert found.reason is None
    assert {turn.candidate.steps for turn in found.slices} == {40}  # and 44 of them really


def test_a_warm_up_without_time_is_refused_and_never_divided_by(tmp_path: Path) -> None:
    frozen = PairSpec(kind="cell", baseline=make_seat("no_time"), candidate=make_seat("no_time"))
    found = run_pair(frozen, 0, tmp_path, FAKE, patient(30.0))
    assert "measured no time in their warm-up" in str(found.reason)


def test_more_work_is_seen_and_the_side_says_that_it_does_it(tmp_path: Path) -> None:
    harder = make_seat(work=2.0)
    found = pair(tmp_path, harder)
    assert found.candidate
    assert found.candidate.identity.work == 2.0
    assert all(
        turn.candidate.wall_seconds > 1.9 * turn.baseline.wall_seconds for turn in found.slices
    )


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("trouble", "candidate failed: ValueError: no such layer"),
        ("die", "candidate has ended"),
        ("garbage", "candidate sent an unreadable message"),
        ("early", "candidate sent Slice"),
        ("stranger", "candidate is not the requested side"),
        ("nan", "candidate sent an unreadable message"),
        ("leave", "candidate has ended"),
    ],
)
def test_a_side_that_fails_is_a_pair_with_a_reason(tmp_path: Path, mode: str, reason: str) -> None:
    found = pair(tmp_path, make_seat(mode))
    assert found.slices == ()
    assert reason in str(found.reason)


@pytest.mark.parametrize("kind", ["orphan", "daemon"])
@pytest.mark.parametrize("then", ["", "_die", "_trouble", "_hang"])
def test_a_child_of_a_side_is_gone_with_its_pair(tmp_path: Path, kind: str, then: str) -> None:
    found = pair(
        tmp_path, make_seat(kind + then), timeout_seconds=patient(3.0 if then == "_hang" else 30.0)
    )
    assert bool(found.reason) == bool(then)
    (log,) = tmp_path.glob("*.log")
    pids = hung_pids(log.read_text())
    assert len(pids) == 2
    assert are_gone(pids, 0.0)


def test_a_side_that_hangs_is_killed_in_time(tmp_path: Path) -> None:
    found = pair(tmp_path, make_seat("hang"), timeout_seconds=(seconds := patient(0.3)))
    assert f"candidate sent nothing for {seconds:g} s" in str(found.reason)


def test_an_interpreter_that_is_none_is_named(tmp_path: Path) -> None:
    found = pair(tmp_path, make_seat(python="/nowhere/python"))
    assert (
        found.reason == "candidate: /nowhere/python cannot be started: No such file or directory."
    )


def test_what_a_side_prints_is_in_its_log(tmp_path: Path) -> None:
    pair(tmp_path, make_seat("die"), number=3)
    (log,) = tmp_path.glob("*.log")
    assert log.name.endswith("-cell-p3.log")
    assert "gone" in log.read_text()
