"""The table of the gate's validation by its command."""

import pytest

from tests.fixtures.proof_rows import AA, make_gate
from validation.gate import accuracy, table
from validation.gate.accuracy import SIZES, SeedRow, answer_seeds
from validation.gate.report import proof_markdown
from validation.gate.simulation import ARMS, DRIFTS, GATE, RULES_VERSION, RuleAnswers, SuiteRow
from validation.gate.table import arm_frame, proof_frame

pytestmark = pytest.mark.usefixtures("own_signals")

DRIFT = next(iter(DRIFTS))
NONE_SLOWER, THREE_SLOWER, _ = ARMS


def suite(arm: str, number: int, *said: RuleAnswers) -> SuiteRow:
    return SuiteRow(rules=RULES_VERSION, drift=DRIFT, arm=arm, suite=number, answers=said)


GATES = 60
SUITES = [
    suite(NONE_SLOWER, 0, RuleAnswers(GATE, "lock-step", 0, 0, 30, 0, 60.0, "pass")),
    suite(NONE_SLOWER, 1, RuleAnswers(GATE, "lock-step", 2, 0, 28, 0, 80.0, "pass")),
    suite(NONE_SLOWER, 2, RuleAnswers(GATE, "lock-step", 0, 0, 30, 0, 70.0, "regressed")),
    suite(THREE_SLOWER, 0, RuleAnswers(GATE, "lock-step", 0, 2, 27, 1, 60.0, "pass")),
]
SEEDS = [
    SeedRow(
        session="s",
        backend="jax",
        side=side,
        seed=seed,
        val_accuracy=accuracy + 0.001 * (seed % 7),
        images=360,
    )
    for side, accuracy in (("baseline", 0.97), ("candidate", 0.90))
    for seed in range(20)
]


@pytest.fixture(autouse=True)
def few_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (accuracy, table):
        monkeypatch.setattr(module, "GATES", GATES)


def test_the_accuracy_gate_is_asked_with_seeds_of_both_pools() -> None:
    found = {(each.candidate, each.seeds): each for each in answer_seeds(SEEDS)}
    assert set(found) == {(name, n) for name in ("the same", "with a fault") for n in SIZES}
    assert found["with a fault", 8].difference == pytest.approx(-0.07)
    assert found["with a fault", 8].verdicts == {"regressed": GATES}
    same = found["the same", 32]
    assert same.difference == 0
    assert same.verdicts["pass"] + same.verdicts.get("improved", 0) > 0.95 * GATES


def test_the_page_has_a_section_for_each_part_and_a_rate_in_each_cell() -> None:
    rows = make_gate(AA)
    page = proof_markdown(proof_frame(SUITES, rows, SEEDS), arm_frame(rows))
    for title in (
        "Simulated suites",
        "Real gates",
        "Accuracy gates",
        "Measured differences of real pairs",
    ):
        assert f"## {title}" in page
    assert "2/3 = 66.7% [9.4%, 99.2%]" in page
    assert "| jax, quiet | 0.0% | 1 |" in page
