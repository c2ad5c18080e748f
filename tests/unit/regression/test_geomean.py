"""The geometric mean: a slowdown that no cell alone shows."""

import random

from msgspec.structs import replace

from bench.core.exit_codes import ExitCode
from bench.regression.outcome import GateOutcome, gate_status, judge_gate
from bench.regression.pair import Pair
from bench.regression.report import sentences, verdict_frame
from bench.regression.sequential import MEAN_MARGINS, judge_means, learn_priors
from bench.regression.verdict import INTERIM_LOOKS
from tests.fixtures.pairs import make_cell, make_pairs, make_plan, pairs_at

CELLS = [make_cell(b, w) for b in ("jax", "torch") for w in ("lab_baseline", "lab_deep")]


def cells_at(ratio: float, number: int = 30, spread: float = 0.02) -> list[list[Pair]]:
    return [pairs_at(ratio, spread, seed=seed) for seed in range(number)]


def mean_says(cells: list[list[Pair]]) -> str:
    return judge_means({"all": cells}, learn_priors(cells))["all"].verdict


def gate(slow: float, **changes: object) -> GateOutcome:
    plan = make_plan(CELLS, **changes)
    return judge_gate(plan, make_pairs(plan, ratio=lambda _: slow, spread=0.004), "here")


def test_a_slowdown_of_all_cells_is_seen_in_their_mean() -> None:
    assert mean_says(cells_at(1.02)) == "regressed"


def test_equal_cells_raise_no_alarm() -> None:
    assert mean_says(cells_at(1.0)) == "pass"


def test_faster_cells_are_an_improvement() -> None:
    assert mean_says(cells_at(0.97)) == "improved"


def test_between_its_margins_nothing_is_shown() -> None:
    middle = 1 + (MEAN_MARGINS.noise_threshold + MEAN_MARGINS.fail_threshold) / 2
    assert mean_says(cells_at(middle, number=2, spread=0.03)) == "inconclusive"


def test_only_the_pairs_of_the_first_look_count() -> None:
    cells = cells_at(1.0)
    more = [*cells[1:], [*cells[0], *pairs_at(1.5, pairs=5)]]
    found = judge_means({"all": more}, {})["all"]
    assert found.verdict == "pass"
    assert found.pairs == INTERIM_LOOKS[0]


def test_a_session_tells_the_mean_of_all_and_of_each_backend() -> None:
    outcome = gate(1.0)
    names = [found.cell_id for found in outcome.means]
    assert names == ["mean of 4 cells, all", "mean of 2 cells, jax", "mean of 2 cells, torch"]
    frame = verdict_frame(outcome)
    assert list(frame.query("kind == 'mean'")["cell_id"]) == names
    assert gate_status(outcome) == ExitCode.OK


def test_a_slower_mean_alone_is_a_regression_with_a_sentence() -> None:
    outcome = gate(1.0)
    slower = replace(outcome.means[0], verdict="regressed")
    slow = replace(outcome, means=(slower, *outcome.means[1:]))
    assert gate_status(slow) == ExitCode.REGRESSED
    assert sentences(slow) == ["The mean of 4 cells, all, is regressed."]


def test_a_mean_that_shows_nothing_fails_nothing() -> None:
    outcome = gate(1.0)
    wide = tuple(replace(found, verdict="inconclusive") for found in outcome.means)
    assert gate_status(replace(outcome, means=wide)) == ExitCode.OK


def test_an_invalid_cell_leaves_no_mean() -> None:
    plan = make_plan(CELLS)
    pairs = make_pairs(plan)
    random.Random(0).shuffle(pairs)
    assert judge_gate(plan, pairs, "here").means == ()


def test_one_cell_has_no_mean() -> None:
    plan = make_plan(CELLS[:1])
    assert judge_gate(plan, make_pairs(plan), "here").means == ()
