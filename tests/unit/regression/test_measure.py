"""Looks: who gets how many pairs, in which order, and what is written down on the way."""

import random
from collections import Counter
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from bench.core.exit_codes import ExitCode
from bench.regression.lockstep import PairSpec
from bench.regression.measure import measure_gate, pair_label, short_names
from bench.regression.outcome import Key, gate_status, judge_gate
from bench.regression.pair import Pair
from bench.regression.report import gate_sessions_note, pair_frame
from bench.regression.side_process import SideSpec
from bench.regression.store import GatePlan, GateStore
from bench.storage.sessions import read_sessions
from tests.fixtures.pairs import make_cell, make_pair, make_plan
from tests.fixtures.sides import side_spec

CELLS = [make_cell("jax"), make_cell("torch")]


class Fakes:
    """Pairs without processes: `ratios` by cell id, with a spread; after `stops`, Ctrl-C."""

    def __init__(
        self, plan: GatePlan, ratios: dict[str, float], spread: float, stops: int | None
    ) -> None:
        self._expected = {each.key: each for each in plan.expected}
        self._ratios = ratios
        self._noise = random.Random(3)
        self._spread = spread
        self._stops = stops
        self.asked: list[tuple[Key, int]] = []

    def __call__(self, pair_spec: PairSpec, number: int, log_folder: Path) -> Pair:
        if len(self.asked) == self._stops:
            raise KeyboardInterrupt
        self.asked.append((pair_spec.key, number))
        each = self._expected[pair_spec.key]
        ratio = self._ratios.get(each.cell.id, 1.0) if each.kind == "cell" else each.candidate.work
        if ratio == 0:
            pair = make_pair(each, number, 1.0, self._noise)
            return replace(pair, slices=(), reason="the candidate has ended")
        return make_pair(
            each, number, ratio * self._noise.lognormvariate(0, self._spread), self._noise
        )


def measure(
    folder: Path, ratios: dict[str, float], spread: float = 0.002, stops: int | None = None
) -> tuple[Fakes, GatePlan, list[Pair]]:
    plan = make_plan(CELLS)
    pair_specs = [_contest(each.kind, side_spec(each.cell)) for each in plan.expected]
    fakes = Fakes(plan, ratios, spread, stops)
    pairs = measure_gate(
        plan, pair_specs, GateStore(folder), Console(quiet=True), fakes, lambda *_: None
    )
    return fakes, plan, pairs


def _contest(kind: str, made: SideSpec) -> PairSpec:
    return PairSpec(kind=kind, baseline=made, candidate=made)  # type: ignore[arg-type]


def counts(fakes: Fakes) -> Counter[Key]:
    return Counter(key for key, _ in fakes.asked)


def test_what_is_clear_after_the_first_look_gets_no_more_pairs(tmp_path: Path) -> None:
    fakes, plan, pairs = measure(tmp_path, {})
    assert set(counts(fakes).values()) == {5}
    assert gate_status(judge_gate(plan, pairs, "here")) == ExitCode.OK


def test_contests_take_turns_pair_by_pair(tmp_path: Path) -> None:
    fakes, plan, _ = measure(tmp_path, {})
    assert [number for _, number in fakes.asked[:7]] == [0] * 6 + [1]
    assert [key for key, _ in fakes.asked[:6]] == [each.key for each in plan.expected]


def test_what_is_undecided_is_looked_at_again_alone(tmp_path: Path) -> None:
    between = CELLS[1].id
    fakes, plan, pairs = measure(tmp_path, {between: 1.035}, spread=0.03)
    assert counts(fakes)["cell", between] == 20
    assert counts(fakes)["negative", between] == 5
    assert gate_status(judge_gate(plan, pairs, "here")) == ExitCode.INCONCLUSIVE


def test_a_regression_is_found_at_once(tmp_path: Path) -> None:
    slow = CELLS[0].id
    fakes, plan, pairs = measure(tmp_path, {slow: 1.1})
    assert counts(fakes)["cell", slow] == 5
    assert gate_status(judge_gate(plan, pairs, "here")) == ExitCode.REGRESSED


def test_a_contest_of_which_a_pair_failed_gets_no_more(tmp_path: Path) -> None:
    broken = CELLS[1].id
    fakes, plan, pairs = measure(tmp_path, {broken: 0})
    assert counts(fakes)["cell", broken] == 1
    outcome = judge_gate(plan, pairs, "here")
    assert gate_status(outcome) == ExitCode.INVALID
    (verdict,) = [found for found in outcome.verdicts if found.cell_id == broken]
    assert verdict.reason == "pair 0: the candidate has ended"


def test_every_pair_is_on_the_disk_when_it_was_measured(tmp_path: Path) -> None:
    _, plan, pairs = measure(tmp_path, {})
    book = GateStore(tmp_path)
    assert (book.plan(), book.pairs()) == (plan, pairs)


def test_short_names_tell_the_cells_apart_and_no_more() -> None:
    one, two = make_cell("jax"), replace(make_cell("jax"), batch_size=64)
    assert list(short_names([one, make_cell("torch")]).values()) == [
        "lab_baseline jax",
        "lab_baseline torch",
    ]
    assert short_names([one, two])[two.id] == "lab_baseline jax batch_size=64"
    assert pair_label({}, "negative", "unknown") == "unknown (negative control)"


@pytest.mark.parametrize("stops", [0, 1, 5, 30, 34, 41])
def test_an_interrupted_gate_goes_on_with_its_next_pair(tmp_path: Path, stops: int) -> None:
    between = CELLS[1].id
    whole, _, _ = measure(tmp_path / "whole", {between: 1.035}, spread=0.03)
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path / "two", {between: 1.035}, spread=0.03, stops=stops)
    before = (tmp_path / "two" / "pairs.jsonl").read_bytes() if stops else b""
    rest, _, pairs = measure(tmp_path / "two", {between: 1.035}, spread=0.03)
    assert (tmp_path / "two" / "pairs.jsonl").read_bytes().startswith(before)
    first_look = 30  # up to its end, what is asked does not depend on what the pairs say
    assert (
        rest.asked[: max(1, first_look - stops)] == whole.asked[stops : max(first_look, stops + 1)]
    )
    keys = [(pair.kind, pair.cell_id, pair.number) for pair in pairs]
    assert len(keys) == len(set(keys)) == stops + len(rest.asked)
    assert [each.kept for each in read_sessions(tmp_path / "two")] == [0, stops]
    text = gate_sessions_note(GateStore(tmp_path / "two"))
    assert text.startswith(f"Measured in 2 sessions: {stops} pairs on ")
    frame = pair_frame(pairs, read_sessions(tmp_path / "two"))
    assert frame["session"].tolist() == [0] * stops + [1] * len(rest.asked)


def test_a_contest_that_failed_before_the_interruption_stays_so(tmp_path: Path) -> None:
    broken = CELLS[1].id
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, {broken: 0}, stops=9)
    fakes, plan, pairs = measure(tmp_path, {broken: 0})
    assert counts(fakes)["cell", broken] == 0
    assert gate_status(judge_gate(plan, pairs, "here")) == ExitCode.INVALID


def test_a_pair_that_a_power_cut_tore_is_set_aside_and_measured_again(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, {}, stops=8)
    path = tmp_path / "pairs.jsonl"
    content = path.read_bytes()
    path.write_bytes(content[:-9])
    fakes, _, pairs = measure(tmp_path, {})
    torn = content.splitlines()[-1][:-8]
    assert (tmp_path / "pairs.jsonl.broken").read_bytes() == torn + b"\n"
    assert len(pairs) == 30
    assert len(fakes.asked) == 23
