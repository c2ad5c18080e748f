"""Looks in sequence: when a cell is decided, and what others beside it add."""

from bench.regression.sequential import judge_looks, learn_priors
from bench.regression.verdict import INTERIM_LOOKS, Margins
from tests.fixtures.pairs import pairs_at

MARGINS = Margins()


def test_a_cell_is_decided_by_the_first_look_that_can() -> None:
    clear = pairs_at(1.2)
    later = [*clear, *pairs_at(0.8, pairs=5)]
    found = judge_looks({"cell": later}, 1, MARGINS)["cell"]
    assert (found.verdict, found.pairs) == ("regressed", INTERIM_LOOKS[0])


def test_an_undecided_cell_is_looked_at_again() -> None:
    found = judge_looks({"cell": pairs_at(1.035, 0.08, pairs=20)}, 1, MARGINS)["cell"]
    assert (found.verdict, found.pairs) == ("inconclusive", INTERIM_LOOKS[-1])


def test_who_stops_between_two_looks_is_invalid() -> None:
    found = judge_looks({"cell": pairs_at(1.035, 0.03, pairs=7)}, 1, MARGINS)["cell"]
    assert found.verdict == "invalid"
    assert found.reason == "it stopped after 7 pairs; the next look needs 10"


def test_steady_contests_beside_it_decide_a_cell_sooner() -> None:
    unsteady = pairs_at(1.0, 0.015, seed=4)
    alone = judge_looks({"cell": unsteady}, 9, MARGINS, INTERIM_LOOKS[:1])["cell"]
    steady = [pairs_at(1.0, 0.01, seed=seed) for seed in range(10, 30)]
    among = judge_looks({"cell": unsteady}, 9, MARGINS, INTERIM_LOOKS[:1], steady)["cell"]
    assert (alone.verdict, among.verdict) == ("inconclusive", "pass")
    assert alone.estimates[0].degrees == 4
    assert among.estimates[0].degrees > 8
    assert among.estimates[0].spread == alone.estimates[0].spread


def test_variances_are_learned_from_the_first_look_alone() -> None:
    first = [pairs_at(1.0, 0.02, seed=seed) for seed in range(4)]
    more = [[*first[0], *pairs_at(2.0, 0.5, pairs=5)], *first[1:]]
    assert learn_priors(more) == learn_priors(first)


def test_a_contest_without_a_first_look_teaches_nothing() -> None:
    assert learn_priors([pairs_at(1.0, pairs=4, seed=seed) for seed in range(9)]) == {}
