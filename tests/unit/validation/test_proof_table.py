"""The proof's table: counted from rows with exact intervals, told as CSV, page and terminal."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from bench.core.exit_codes import ExitCode
from tests.fixtures.command_line import Bench
from tests.fixtures.proof_rows import AA, TENTH, make_context, make_gate
from validation.gate import accuracy, table
from validation.gate.__main__ import gate_proof_main
from validation.gate.report import proof_markdown
from validation.gate.rows import RealPair
from validation.gate.simulation import ARMS, DRIFTS, GATE, RULES_VERSION, RuleAnswers, SuiteRow
from validation.gate.store import SampleStore
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


@pytest.fixture(autouse=True)
def few_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (accuracy, table):
        monkeypatch.setattr(module, "GATES", GATES)


def ask(frame: pd.DataFrame, slower: str, question: str) -> "pd.Series[float]":
    (row,) = frame.query("slower == @slower and question == @question").to_dict("records")
    return pd.Series(row)


def test_an_alarm_of_a_cell_or_of_the_mean_is_one_of_the_suite() -> None:
    row = ask(proof_frame(SUITES, [], []), NONE_SLOWER, "suites with a false alarm")
    assert (row["count"], row["n"], row["minutes"]) == (2, 3, 70.0)


def test_cells_are_counted_over_all_suites() -> None:
    frame = proof_frame(SUITES, [], [])
    asked = {
        (NONE_SLOWER, "equal cells called slower"): (2, 90),
        (NONE_SLOWER, "equal cells passed"): (88, 90),
        (THREE_SLOWER, "equal cells called slower"): (0, 27),
        (THREE_SLOWER, "slower cells found"): (2, 3),
        (THREE_SLOWER, "slower cells passed"): (1, 3),
    }
    for (arm, question), (count, n) in asked.items():
        row = ask(frame, arm, question)
        assert (row["count"], row["n"]) == (count, n)


def test_the_intervals_are_those_of_clopper_and_pearson() -> None:
    """0 of 60 bounds a rate at 1 - 0.025 ** (1 / 60), as they derived."""
    suites = [
        suite(NONE_SLOWER, n, RuleAnswers(GATE, "lock-step", 0, 0, 30, 0, 60.0, "pass"))
        for n in range(60)
    ]
    row = ask(proof_frame(suites, [], []), NONE_SLOWER, "suites with a false alarm")
    assert row["low"] == 0
    assert row["high"] == pytest.approx(1 - 0.025 ** (1 / 60), abs=1e-6)


def test_real_gates_are_counted_by_what_they_say_the_undecided_too() -> None:
    rows = [*make_gate(AA, 0), *make_gate(AA, 1), *make_gate(TENTH, 0), *make_gate(AA, 2, pairs=2)]
    frame = proof_frame([], rows, [])
    assert ask(frame, "0.0%", "gates with verdict pass")["count"] == 2
    assert ask(frame, "0.0%", "gates with verdict undecided")["count"] == 1
    assert ask(frame, "0.0%", "gates with verdict pass")["n"] == 3
    assert ask(frame, "10.0%", "gates with verdict regressed")["count"] == 1


def test_arms_tell_the_bias_and_the_spread_of_all_their_pairs() -> None:
    rows = [pair for gate in range(8) for pair in make_gate(TENTH, gate, spread=0.02)]
    frame = arm_frame(rows).set_index("clock")
    assert list(frame["pairs"]) == [40, 40]
    wall = frame.loc["wall", ["low", "high"]].astype(float)
    assert wall["low"] < 0.1 < wall["high"]
    assert frame.loc["wall", "spread"] == pytest.approx(0.02, rel=0.3)


def test_unsound_pairs_tell_nothing_of_an_arm() -> None:
    rows = make_gate(AA, pairs=6, reason="a clock stood still")
    assert set(arm_frame(rows)["pairs"]) == {5}


def test_a_page_without_rows_has_no_empty_section() -> None:
    assert "##" not in proof_markdown(proof_frame([], [], []), arm_frame([]))


def test_the_command_counts_what_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = SampleStore(tmp_path / "proof")
    book.add(make_context())
    book.add(*make_gate(AA), *make_gate(TENTH))
    book.add(*SUITES)
    bench = Bench(tmp_path, capsys)
    assert bench.call(f"--folder={book.folder}", main=gate_proof_main) == ExitCode.OK
    assert f"Proof: {book.folder}/proof.csv" in bench.out
    rows = list(csv.DictReader((book.folder / "proof.csv").read_text().splitlines()))
    assert {row["part"] for row in rows} == {"simulated", "real"}
    assert (book.folder / "proof.md").read_text().startswith("# Validation of the gate")
    assert len((book.folder / "arms.csv").read_text().splitlines()) == 1 + 4


def test_the_command_gathers_gates_that_were_measured_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book, lane = SampleStore(tmp_path / "proof"), SampleStore(tmp_path / "lane")
    for each, session in ((book, "s1"), (lane, "s2")):
        each.add(make_context(session))
        each.add(*make_gate(AA, session=session))
    bench = Bench(tmp_path, capsys)
    assert (
        bench.call(f"--folder={book.folder}", f"--import={lane.folder}", main=gate_proof_main)
        == ExitCode.OK
    )
    assert "2/2" in bench.out
    assert len(book.rows(RealPair)) == 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--import=nowhere"], "nowhere holds no real gates, because pairs.jsonl has no pair."),
        (
            ["simulatd"],
            "'simulatd' is not a part of the validation; the parts are simulated, real, accuracy.",
        ),
        (["accuracy"], "The part accuracy needs a side with a fault: --candidate src=DIR."),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Bench(tmp_path, capsys)
    assert bench.call(*arguments, f"--folder={tmp_path}", main=gate_proof_main) == ExitCode.USAGE
    assert sentence in bench.err


def test_a_row_that_a_power_cut_tore_is_set_aside_and_the_next_one_is_whole(tmp_path: Path) -> None:
    book = SampleStore(tmp_path)
    book.add(SUITES[0])
    with (tmp_path / "suites.jsonl").open("ab") as file:
        file.write(b'{"rules": 1, "dri')
    book.set_aside_truncated_rows()
    book.add(SUITES[1])
    assert book.rows(SuiteRow) == SUITES[:2]
    assert (tmp_path / "suites.jsonl.broken").read_bytes() == b'{"rules": 1, "dri\n'
