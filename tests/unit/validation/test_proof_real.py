"""Real gates of the proof: which one gets the next pair, what it says, and that nothing is lost."""

import random
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from bench.regression.lockstep import PairSpec
from bench.regression.pair import Pair
from bench.storage.store import StoreError
from bench.system.interpreter import InterpreterError
from tests.fixtures.pairs import make_cell, make_pair, make_plan
from tests.fixtures.proof_rows import AA, TENTH, make_context, make_gate
from tests.fixtures.sides import side_spec
from validation.gate import measure, real
from validation.gate.background_load import bursts
from validation.gate.measure import measure_real
from validation.gate.real import GATE_STAGES, gates_of, judge_real, next_gate
from validation.gate.rows import KINDS, Arm, Context, RealPair
from validation.gate.store import SampleStore, SampleStoreError

EACH = make_plan().expected[0]


def says(rows: list[RealPair]) -> str | None:
    gates = gates_of(rows)
    verdict = judge_real(gates, list(gates)[-1])
    return None if verdict is None else verdict.verdict


def test_a_gate_says_what_its_pairs_show() -> None:
    assert says(make_gate(AA)) == "pass"
    assert says(make_gate(TENTH)) == "regressed"


def test_a_gate_without_enough_pairs_says_nothing_yet() -> None:
    assert says(make_gate(AA, pairs=4)) is None
    assert says(make_gate(Arm("jax", 1.05, "quiet"), ratio=1.035, spread=0.08)) is None


def test_a_gate_that_was_looked_at_last_says_inconclusive() -> None:
    gate = make_gate(Arm("jax", 1.05, "quiet"), pairs=20, ratio=1.035, spread=0.08)
    assert says(gate) == "inconclusive"


def test_an_unsound_pair_makes_its_gate_invalid() -> None:
    gate = make_gate(AA, reason="the candidate used 40% of a core while it waited")
    verdict = judge_real(gates_of(gate), (AA, 0))
    assert verdict is not None
    assert verdict.verdict == "invalid"
    assert "waited" in str(verdict.reason)


def test_the_controls_are_the_last_ones_before_on_the_same_backend_and_condition() -> None:
    rows = [
        *make_gate(AA, 0),
        *make_gate(TENTH, 0),
        *make_gate(Arm("torch", 1.0, "quiet"), 0),
        *make_gate(Arm("jax", 1.0, "half loaded"), 0),
        *make_gate(AA, 1),
        *make_gate(AA, 2),
    ]
    gates = gates_of(rows)
    pairs = {key: [row.pair for row in gate] for key, gate in gates.items()}
    assert real._controls(gates, (AA, 0)) == []
    assert real._controls(gates, (AA, 2)) == [pairs[AA, 1], pairs[TENTH, 0]]


def test_the_first_stage_is_filled_evenly_before_the_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stages = ({(1.0, "quiet"): 4, (1.1, "quiet"): 4}, *GATE_STAGES[1:])
    monkeypatch.setattr(real, "GATE_STAGES", stages)
    rows: list[RealPair] = []
    chosen = []
    for _ in range(9):
        arm, gate = next_gate(gates_of(rows), ["jax"], {"s1"})
        chosen.append(arm)
        rows += make_gate(arm, gate, spread=0.001)
    assert chosen[:4] == [AA, TENTH, AA, TENTH]
    assert chosen[:8].count(AA) == chosen[:8].count(TENTH) == 4
    assert chosen[8].work == 1.05
    assert len({(row.arm, row.gate, row.number) for row in rows}) == len(rows)


def test_an_unfinished_gate_is_ended_first() -> None:
    rows = [*make_gate(AA, 0), *make_gate(TENTH, 0, pairs=3)]
    assert next_gate(gates_of(rows), ["jax"], {"s1"}) == (TENTH, 0)


def test_a_gate_of_a_session_that_was_unlike_stays_as_it_is() -> None:
    rows = [*make_gate(AA, 0), *make_gate(TENTH, 0, pairs=3)]
    assert next_gate(gates_of(rows), ["jax"], {"s2"}) == (AA, 1)


def test_kinds_that_are_named_get_all_pairs_alike_and_no_others() -> None:
    kinds = [KINDS["crowded:0"], KINDS["half-loaded:3"]]
    rows = make_gate(TENTH, 0, pairs=3)
    chosen = []
    for _ in range(4):
        arm, gate = next_gate(gates_of(rows), ["jax"], {"s1"}, kinds)
        chosen.append(arm)
        rows += make_gate(arm, gate, ratio=1.0, spread=0.001)
    assert chosen == 2 * [Arm("jax", 1.0, "crowded"), Arm("jax", 34 / 33, "half loaded")]


def test_after_the_last_stage_its_arms_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real, "GATE_STAGES", ({(1.1, "quiet"): 1}, {(1.0, "quiet"): 1}))
    rows = [*make_gate(AA, 0), *make_gate(TENTH, 0)]
    assert next_gate(gates_of(rows), ["jax"], {"s1"}) == (AA, 1)


class FakeRunner:
    """Pairs without processes; the candidate takes as long as its work, and time passes."""

    def __init__(self, spread: float = 0.005) -> None:
        self.noise = random.Random(5)
        self.spread = spread
        self.pair_specs: list[PairSpec] = []

    def __call__(self, pair_spec: PairSpec, number: int, log_folder: Path) -> Pair:
        self.pair_specs.append(pair_spec)
        each = replace(
            EACH, baseline=pair_spec.baseline.identity, candidate=pair_spec.candidate.identity
        )
        ratio = each.candidate.work * self.noise.lognormvariate(0, self.spread)
        return make_pair(each, number, ratio, self.noise)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each look at the clock take 10 seconds."""
    ticks = iter(range(0, 10**6, 10))
    monkeypatch.setattr(measure, "monotonic", lambda: float(next(ticks)))
    monkeypatch.setattr(
        measure,
        "_pair_specs",
        lambda backends: {
            b: PairSpec(
                kind="cell", baseline=side_spec(make_cell(b)), candidate=side_spec(make_cell(b))
            )
            for b in backends
        },
    )


def run(folder: Path, session: str, minutes: float, runner: FakeRunner | None = None) -> None:
    measure_real(
        SampleStore(folder),
        session,
        folder / "logs",
        ["jax"],
        minutes,
        Console(quiet=True),
        runner=runner or FakeRunner(),
        primer=lambda *_: None,
    )


@pytest.mark.usefixtures("clock")
def test_a_second_call_goes_on_where_the_first_one_stopped(tmp_path: Path) -> None:
    run(tmp_path, "first", 2)
    book = SampleStore(tmp_path)
    before = book.rows(RealPair)
    assert 0 < len(before) < 10
    run(tmp_path, "second", 4)
    rows = book.rows(RealPair)
    assert rows[: len(before)] == before
    for gate in gates_of(rows).values():
        assert [row.number for row in gate] == list(range(len(gate)))
    assert set(book.contexts()) == {"first", "second"}


@pytest.mark.usefixtures("clock")
def test_the_candidate_does_the_work_and_half_a_load_runs_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []

    class Load:
        def __init__(self, cores: int, seed: str) -> None:
            loads.append(seed)

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(measure, "half_load", Load)
    monkeypatch.setattr(real, "GATE_STAGES", ({(1.1, "half loaded"): 1, (1.0, "plain"): 1},))
    runner = FakeRunner()
    run(tmp_path, "s1", 3, runner)
    half = [row for row in SampleStore(tmp_path).rows(RealPair) if row.condition == "half loaded"]
    assert len(set(loads)) == len(loads) == len(half) == 5
    assert {pair_spec.candidate.identity.work for pair_spec in runner.pair_specs[:5]} == {1.1}
    assert "MALLOC_TOP_PAD_" not in runner.pair_specs[5].baseline.environment.variables


@pytest.mark.usefixtures("clock")
def test_an_unsound_pair_is_kept_with_its_reason(tmp_path: Path) -> None:
    class Failing(FakeRunner):
        def __call__(self, pair_spec: PairSpec, number: int, log_folder: Path) -> Pair:
            pair = super().__call__(pair_spec, number, log_folder)
            return replace(pair, slices=(), reason="candidate has ended")

    run(tmp_path, "s1", 1, Failing())
    row = SampleStore(tmp_path).rows(RealPair)[0]
    assert row.reason == "pair 0: candidate has ended"
    assert says([row]) == "invalid"


def test_a_backend_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(unplanned={"cell": "no jax here"})
    monkeypatch.setattr(measure, "plan_gate", lambda *_: (plan, []))
    with pytest.raises(InterpreterError, match="no jax here"):
        measure._pair_specs(["jax"])


def test_bursts_take_half_the_time_and_are_those_of_their_seed() -> None:
    first = list(islice(bursts("pair 0"), 4000))
    assert first == list(islice(bursts("pair 0"), 4000))
    assert first[:4] != list(islice(bursts("pair 1"), 4))
    burning, resting = (sum(part) for part in zip(*first, strict=True))
    assert burning / (burning + resting) == pytest.approx(0.5, abs=0.02)


def test_rows_come_back_as_they_were_added(tmp_path: Path) -> None:
    book = SampleStore(tmp_path / "deep" / "proof")
    assert book.rows(RealPair) == []
    rows = make_gate(AA)
    book.add(*rows)
    book.add(make_context())
    assert book.rows(RealPair) == rows
    assert book.contexts() == {"s1": make_context()}


def test_a_damaged_row_is_named(tmp_path: Path) -> None:
    book = SampleStore(tmp_path)
    book.add(*make_gate(AA))
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SampleStoreError, match=r"pairs\.jsonl, line 5 is damaged"):
        book.rows(RealPair)


def test_rows_of_another_version_are_refused(tmp_path: Path) -> None:
    book = SampleStore(tmp_path)
    book.add(make_context(proof_version=0))
    with pytest.raises(SampleStoreError, match="version 0"):
        book.contexts()


def test_a_folder_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        SampleStore(tmp_path / "file").add(make_context())


def test_sessions_on_another_machine_or_with_other_versions_are_unlike() -> None:
    own = make_context(variables={"jax": {"MALLOC_TOP_PAD_": "1"}})
    assert measure._is_compatible(make_context("s0", variables=own.variables), own)
    others: list[Context] = [
        replace(own, machine={**own.machine, "machine_id": "other"}),
        replace(own, versions={"jax": {"keras": "3.14.0"}}),
        replace(own, cells={"jax": "another cell"}),
        replace(own, variables={}),
    ]
    assert not any(measure._is_compatible(other, own) for other in others)
    assert measure._is_compatible(make_context(versions={}, cells={}), own)
