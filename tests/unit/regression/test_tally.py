"""Every expected row is counted, and only one that passed as a whole is judged."""

import pytest

from bench.regression.pytest_plugin.replay import Tally, TestOutcome


def _tally(*phases: tuple[str, TestOutcome]) -> Tally:
    tally = Tally(["row[a]"])
    tally.note("row[a]", "not run")
    for phase, outcome in phases:
        tally.note_phase("row[a]", phase, outcome)
    return tally


def test_a_row_that_passed_in_every_phase_is_judged() -> None:
    assert _tally(("setup", "passed"), ("call", "passed"), ("teardown", "passed")).failures() == []


def test_a_row_that_nobody_collected_is_named() -> None:
    (sentence,) = Tally(["row[a]"]).failures()
    assert sentence.startswith("1 of 1 expected rows not collected (")
    assert sentence.endswith(": row[a].")


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        ([], "not run"),
        ([("setup", "passed")], "not run"),
        ([("setup", "skipped"), ("teardown", "passed")], "skipped"),
        ([("setup", "failed"), ("teardown", "passed")], "failed"),
        ([("setup", "passed"), ("call", "failed"), ("teardown", "passed")], "failed"),
        ([("setup", "passed"), ("call", "passed"), ("teardown", "failed")], "failed"),
        ([("call", "failed"), ("call", "passed")], "failed"),
    ],
)
def test_anything_but_a_pass_is_a_failure(
    phases: list[tuple[str, TestOutcome]], outcome: TestOutcome
) -> None:
    (sentence,) = _tally(*phases).failures()
    assert sentence.startswith(f"1 of 1 expected rows {outcome} (")


def test_a_deselected_row_is_named_and_a_stranger_is_not_counted() -> None:
    tally = Tally(["row[a]", "row[b]"])
    tally.note("row[b]", "deselected")
    tally.note_phase("row[a]", "call", "passed")
    tally.note_phase("stranger", "call", "passed")
    (sentence,) = tally.failures()
    assert sentence.startswith("1 of 2 expected rows deselected (")
    assert sentence.endswith(": row[b].")


def test_a_failure_explained_elsewhere_is_not_named_again_but_a_deselection_is() -> None:
    assert _tally(("call", "failed")).failures({"row[a]"}) == []
    assert len(_tally().failures({"row[a]"})) == 1
