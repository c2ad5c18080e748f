"""Simulated suites, whole: the published ones follow from today's rules."""

from itertools import product

import pytest

from bench.core.paths import CHECKOUT
from validation.gate.simulation import (
    ARMS,
    DRIFTS,
    SuiteRow,
    simulate_suite,
)
from validation.gate.store import SampleStore

PUBLISHED = CHECKOUT / "reports" / "published" / "gate-proof"
DRIFT, NONE_SLOWER, THREE_SLOWER, ALL_SLOWER = (next(iter(DRIFTS)), *ARMS)


@pytest.fixture(scope="module")
def slower() -> SuiteRow:
    return simulate_suite(DRIFT, THREE_SLOWER, 0)


def test_the_same_suite_is_simulated_the_same_again(slower: SuiteRow) -> None:
    assert simulate_suite(DRIFT, THREE_SLOWER, 0) == slower
    assert simulate_suite(DRIFT, THREE_SLOWER, 1).answers != slower.answers


def test_published_suites_follow_from_todays_rules() -> None:
    """When this fails, the rules changed: raise RULES_VERSION and simulate the suites again."""
    published, others = SampleStore(PUBLISHED).suites()
    assert len(published) == 5400 and others == {}
    by_place = {(row.drift, row.arm, row.suite): row for row in published}
    for drift, arm in product(DRIFTS, ARMS):
        assert simulate_suite(drift, arm, 7) == by_place[drift, arm, 7]
