"""The verdict of a look: what each rule says on pairs whose truth is known."""

import pytest

from bench.regression.estimators import pair_log_ratio
from bench.regression.outcome import judge_gate
from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, judge_look
from bench.stats.hypothesis_tests import holm
from tests.fixtures.pairs import make_pairs, make_plan, pairs_at

MARGINS = Margins()
EACH = make_plan().expected[0]


def look(pairs: list[Pair], expected: int = 1) -> Verdict:
    return judge_look({"cell": pairs}, expected, MARGINS, len(INTERIM_LOOKS))["cell"]


@pytest.mark.parametrize(
    ("ratio", "says"), [(1.1, "regressed"), (1.0, "pass"), (0.99, "pass"), (0.9, "improved")]
)
def test_a_clear_ratio_gets_its_verdict(ratio: float, says: str) -> None:
    assert look(pairs_at(ratio)).verdict == says


def test_between_the_margins_nothing_is_shown() -> None:
    assert look(pairs_at(1.035, spread=0.03)).verdict == "inconclusive"


def test_noise_that_hides_a_regression_is_inconclusive_and_never_a_pass() -> None:
    found = look(pairs_at(1.05, spread=0.06))
    assert found.verdict == "inconclusive"
    assert found.detectable is not None
    assert found.detectable > 0.05


def test_the_interval_holds_the_ratio_and_more_cells_make_it_wider() -> None:
    alone, among = look(pairs_at(1.1)), look(pairs_at(1.1), expected=30)
    for estimate in alone.estimates:
        assert estimate.low < 1.1 < estimate.high
        assert estimate.low < estimate.ratio < estimate.high
    assert among.estimates[0].high > alone.estimates[0].high


def test_a_burst_in_a_few_slices_moves_a_pair_little() -> None:
    (pair,) = pairs_at(1.0, spread=0, pairs=1)
    from msgspec.structs import replace

    slow = replace(pair.slices[0].candidate, wall_seconds=4.0)
    burst = replace(pair, slices=(replace(pair.slices[0], candidate=slow), *pair.slices[1:]))
    assert abs(pair_log_ratio(burst, "wall") - pair_log_ratio(pair, "wall")) < 0.005


def test_work_on_one_clock_alone_is_found() -> None:
    """CPU time that hides on an idle core is a regression too."""
    from msgspec.structs import replace

    hidden = [
        replace(
            pair,
            slices=tuple(
                replace(
                    t, candidate=replace(t.candidate, cpu_seconds=t.candidate.cpu_seconds * 1.2)
                )
                for t in pair.slices
            ),
        )
        for pair in pairs_at(1.0)
    ]
    assert look(hidden).verdict == "regressed"


def test_holm_divides_the_level_among_all_that_was_expected() -> None:
    p_values = {"a": 0.001, "b": 0.012, "c": 0.02, "d": 0.2}
    assert holm(p_values, 4, 0.05) == {"a", "b", "c"}
    assert holm(p_values, 30, 0.05) == {"a"}
    assert holm({}, 3, 0.05) == set()


def test_controls_are_judged_apart_from_the_cells() -> None:
    plan = make_plan()
    outcome = judge_gate(plan, make_pairs(plan), "here")
    assert [(kind, found.verdict) for kind, found in outcome.controls] == [
        ("negative", "pass"),
        ("positive", "regressed"),
    ]
    assert [found.verdict for found in outcome.verdicts] == ["pass"]
    assert outcome.minutes["cell", EACH.cell.id] == pytest.approx(2.5)
