"""How often the gate's verdict is wrong, over many simulated gates."""

from math import exp, log1p

import pytest

from bench.regression.pair import Pair
from bench.regression.verdict import INTERIM_LOOKS, Margins, Verdict, judge_look
from tests.fixtures.pairs import make_cell, make_pairs, make_plan, pairs_at

MARGINS = Margins()
EACH = make_plan().expected[0]


def look(pairs: list[Pair], expected: int = 1) -> Verdict:
    return judge_look({"cell": pairs}, expected, MARGINS, len(INTERIM_LOOKS))["cell"]


@pytest.mark.parametrize("spread", [0.005, 0.03])
def test_equal_sides_raise_few_alarms(spread: float) -> None:
    """Of 200 gates of three equal cells at most ten alarm: ALPHA is 0.05 per family."""
    plan = make_plan([make_cell(b) for b in ("jax", "tensorflow", "torch")])
    alarms = 0
    for seed in range(200):
        pairs = make_pairs(plan, pairs=20, spread=spread, seed=seed)
        cells = {
            e.cell.id: [p for p in pairs if p.cell_id == e.cell.id and p.kind == "cell"]
            for e in plan.expected
            if e.kind == "cell"
        }
        alarms += any(
            found.verdict in ("regressed", "improved")
            for pairs_seen in INTERIM_LOOKS
            for found in judge_look(
                {name: own[:pairs_seen] for name, own in cells.items()},
                3,
                MARGINS,
                len(INTERIM_LOOKS),
            ).values()
        )
    assert alarms <= 10


def test_a_regression_as_large_as_must_be_caught_seldom_passes() -> None:
    """At exactly 1 + caught a pass is wrong, and happens in at most a twentieth of the gates."""
    wrong = sum(
        any(look(pairs_at(1.05, 0.02, 20, seed)[:seen]).verdict == "pass" for seen in INTERIM_LOOKS)
        for seed in range(200)
    )
    assert wrong <= 10


def test_the_detectable_effect_is_found_about_as_often_as_it_says() -> None:
    found = look(pairs_at(1.0, 0.02, 20))
    assert found.detectable is not None
    effect = exp(log1p(found.detectable))
    hits = sum(look(pairs_at(effect, 0.02, 20, seed)).verdict == "regressed" for seed in range(100))
    assert 60 <= hits <= 98
