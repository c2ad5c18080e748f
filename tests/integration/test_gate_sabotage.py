"""Whoever breaks a gate is named by it: each mutant starts from a session that passes."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from bench.core.exit_codes import ExitCode
from bench.regression.accuracy.screening import screen
from bench.regression.messages import Slice
from bench.regression.outcome import gate_status, judge_gate
from bench.regression.pair import Pair, SlicePair
from bench.regression.report import sentences
from bench.regression.store import GatePlan, GateStore, GateStoreError
from tests.fixtures.gate_session import judge_by_pytest, store_gate
from tests.fixtures.pairs import BASELINE, CANDIDATE, make_cell, make_pair, make_pairs, make_plan
from tests.fixtures.records import make_record

CELLS = [make_cell("jax"), make_cell("torch"), make_cell("torch", "lab_deep")]
PLAN = make_plan(CELLS)
PAIRS = make_pairs(PLAN)
LAST = CELLS[-1].id

Session = tuple[GatePlan, list[Pair], object]


class Mutant(NamedTuple):
    """What is done to a session that passes, and what the gate's sentences must name."""

    name: str
    do: Callable[[GatePlan, list[Pair]], tuple[GatePlan, list[Pair]]]
    names: tuple[str, ...]


def judged(plan: GatePlan, pairs: list[Pair], machine: object = "here") -> tuple[ExitCode, str]:
    outcome = judge_gate(plan, pairs, machine)
    return gate_status(outcome), "\n".join(sentences(outcome))


def of_last(change: Callable[[Pair], Pair | None]) -> Callable[..., tuple[GatePlan, list[Pair]]]:
    """Return a mutation of the pairs of the last cell; None takes a pair away."""

    def do(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
        changed = [change(p) if (p.kind, p.cell_id) == ("cell", LAST) else p for p in pairs]
        return plan, [pair for pair in changed if pair is not None]

    return do


def slices(change: Callable[[Slice], Slice], side: str = "candidate") -> Callable[[Pair], Pair]:
    """Return a mutation of every slice of one side of a pair."""

    def turn(found: SlicePair) -> SlicePair:
        return replace(found, **{side: change(getattr(found, side))})

    return lambda pair: replace(pair, slices=tuple(map(turn, pair.slices)))


def in_pair(number: int, change: Callable[[Pair], Pair]) -> Callable[[Pair], Pair]:
    return lambda pair: change(pair) if pair.number == number else pair


def swapped(pair: Pair) -> Pair:
    return replace(pair, baseline=pair.candidate, candidate=pair.baseline)


def resolved(pair: Pair) -> Pair:
    assert pair.candidate
    return replace(pair, candidate=replace(pair.candidate, settings={"jit_compile": False}))


def upgraded(pair: Pair) -> Pair:
    assert pair.candidate
    newer = replace(CANDIDATE, versions={"keras": "3.16.0"})
    return replace(pair, candidate=replace(pair.candidate, identity=newer))


def edited(pair: Pair) -> Pair:
    assert pair.baseline
    other = replace(BASELINE, workload_source="f" * 64)
    return replace(pair, baseline=replace(pair.baseline, identity=other))


def without_control(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
    kept = tuple(e for e in plan.expected if (e.kind, e.cell.backend) != ("negative", "torch"))
    return replace(plan, expected=kept), [
        p for p in pairs if not (p.kind == "negative" and "torch" in p.cell_id)
    ]


def remeasured(kind: str, ratio: float) -> Callable[..., tuple[GatePlan, list[Pair]]]:
    """Return a mutation in which the controls of one kind really read `ratio`."""

    def do(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
        noise = random.Random(1)
        expected = {each.key: each for each in plan.expected}
        return plan, [
            make_pair(expected[p.kind, p.cell_id], p.number, ratio, noise) if p.kind == kind else p
            for p in pairs
        ]

    return do


def renamed(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
    return of_last(lambda pair: replace(pair, cell_id="lab_deeper"))(plan, pairs)


def doubled(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
    return replace(plan, expected=(*plan.expected, plan.expected[-1])), pairs


def unplanned(plan: GatePlan, pairs: list[Pair]) -> tuple[GatePlan, list[Pair]]:
    return replace(plan, unplanned={"resnet20": "there is no such workload"}), pairs


MUTANTS = [
    Mutant("cell dropped", of_last(lambda pair: None), (LAST, "0 pairs were measured")),
    Mutant("cell renamed", renamed, ("lab_deeper", "does not expect", LAST)),
    Mutant("cell could not start", unplanned, ("resnet20", "no such workload")),
    Mutant(
        "cell errored",
        of_last(in_pair(2, lambda p: replace(p, slices=(), reason="the candidate failed: OOM"))),
        (LAST, "pair 2", "OOM"),
    ),
    Mutant("cell doubled in the plan", doubled, (LAST, "expects these more than once")),
    Mutant(
        "pair doubled",
        of_last(in_pair(3, lambda p: replace(p, number=2))),
        (LAST, "0, 1, 2, 2, 4", "duplicated"),
    ),
    Mutant("pair lost", of_last(lambda p: p if p.number != 1 else None), (LAST, "missing")),
    Mutant(
        "NaN",
        of_last(slices(lambda s: replace(s, wall_seconds=float("nan")))),
        (LAST, "candidate's wall clock gave nan"),
    ),
    Mutant(
        "clock runs backwards",
        of_last(slices(lambda s: replace(s, cpu_seconds=-0.1))),
        (LAST, "candidate's cpu clock gave -0.1"),
    ),
    Mutant(
        "frozen clock",
        of_last(slices(lambda s: replace(s, wall_seconds=0.25), "baseline")),
        (LAST, "baseline's wall clock", "has stopped"),
    ),
    Mutant(
        "clock that tells more than the turn took",
        of_last(slices(lambda s: replace(s, wall_seconds=s.wall_seconds * 3))),
        (LAST, "for a round trip of"),
    ),
    Mutant(
        "clock that tells next to nothing",
        of_last(slices(lambda s: replace(s, wall_seconds=s.wall_seconds / 100))),
        (LAST, "of its round trips"),
    ),
    Mutant(
        "one slice only",
        of_last(lambda p: replace(p, slices=p.slices[:1])),
        (LAST, "1 slices instead of 24"),
    ),
    Mutant("unlike work", of_last(slices(lambda s: replace(s, steps=9))), (LAST, "10 steps", "9")),
    Mutant("sides swapped", of_last(swapped), (LAST, "not the requested side", "python")),
    Mutant(
        "environment changed in between",
        of_last(in_pair(3, upgraded)),
        (LAST, "pair 3", "3.16.0", "3.15.1"),
    ),
    Mutant("source edited in between", of_last(in_pair(4, edited)), (LAST, "workload_source")),
    Mutant("resolved otherwise", of_last(in_pair(1, resolved)), (LAST, "jit_compile")),
    Mutant(
        "idle side spins",
        of_last(slices(lambda s: replace(s, idle_cpu_seconds=s.idle_seconds), "baseline")),
        (LAST, "baseline's process used 100% of a core", "spinning"),
    ),
    Mutant("cut short", of_last(lambda p: p if p.number < 3 else None), (LAST, "3 pairs")),
    Mutant("control dropped", without_control, ("no negative control for torch",)),
    Mutant(
        "negative control alarms",
        remeasured("negative", 1.1),
        ("negative control", "against itself, is regressed"),
    ),
    Mutant(
        "positive control finds nothing",
        remeasured("positive", 1.0),
        ("positive control", "instead of regressed"),
    ),
    Mutant(
        "positive control finds far too much",
        remeasured("positive", 1.4),
        ("positive control", "measured +4"),
    ),
]


def test_the_session_that_is_sabotaged_passes() -> None:
    assert judged(PLAN, PAIRS) == (ExitCode.OK, "")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_invalid_and_named(mutant: Mutant) -> None:
    status, text = judged(*mutant.do(PLAN, PAIRS))
    assert status == ExitCode.INVALID
    for name in mutant.names:
        assert name in text


def test_another_machine_is_invalid() -> None:
    status, text = judged(PLAN, PAIRS, "elsewhere")
    assert status == ExitCode.INVALID
    assert "elsewhere" in text


def test_an_empty_plan_is_invalid() -> None:
    status, text = judged(make_plan([]), [])
    assert status == ExitCode.INVALID
    assert "expects no cell" in text


def stored(folder: Path) -> GateStore:
    book = GateStore(folder)
    book.open(PLAN)
    for pair in PAIRS:
        book.add(pair)
    return book


def test_what_a_book_holds_is_what_was_measured(tmp_path: Path) -> None:
    book = stored(tmp_path)
    assert (book.plan(), book.pairs()) == (PLAN, PAIRS)


@pytest.mark.parametrize("damage", [b'{"kind": "cell"', b"null\n", b"\xff\n"])
def test_a_damaged_row_is_refused_and_named(tmp_path: Path, damage: bytes) -> None:
    book = stored(tmp_path)
    with (tmp_path / "pairs.jsonl").open("ab") as file:
        file.write(damage)
    with pytest.raises(GateStoreError, match=f"line {len(PAIRS) + 1} is damaged"):
        book.pairs()


def test_a_gate_of_another_version_is_refused(tmp_path: Path) -> None:
    book = stored(tmp_path)
    content = json.loads((tmp_path / "gate.json").read_bytes())
    (tmp_path / "gate.json").write_text(json.dumps(content | {"gate_version": 99}))
    with pytest.raises(GateStoreError, match="version 99"):
        book.plan()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a gate that pytest judges as passed."""
    folder = store_gate(tmp_path_factory.mktemp("good"))
    assert judge_by_pytest(folder).returncode == 0
    return folder


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("-k", "jax"), "deselected"),
        (("--benchmark-disable",), "--benchmark-disable"),
        (("--benchmark-skip",), "--benchmark-skip"),
        (("--benchmark-only",), "skipped"),
        (("-p", "no:benchmark"), "needs pytest-benchmark"),
        (("-n", "2"), "xdist"),
        (("--candidate=python=/x",), "Name either a measured gate"),
    ],
)
def test_a_session_that_judges_too_little_is_invalid(
    good: Path, options: tuple[str, ...], names: str
) -> None:
    done = judge_by_pytest(good, *options)
    assert done.returncode == 12, done.stdout + done.stderr
    assert names in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"machine": {"machine_id": "elsewhere"}}, "machine_id"),
        ({"protocol_version": 1}, "protocol_version"),
        ({"fingerprint": "0" * 64}, "dataset_fingerprint"),
    ],
)
def test_a_stale_stored_baseline_is_invalid(change: dict[str, object], names: str) -> None:
    fresh = [make_record(repetition=number) for number in range(3)]
    (sound,) = screen({"cell": (fresh, fresh)}, noise_threshold=0.02)
    assert sound.verdict == "inconclusive"
    stale = [make_record(repetition=number, **change) for number in range(3)]
    (found,) = screen({"cell": (stale, fresh)}, noise_threshold=0.02)
    assert found.verdict == "invalid"
    assert names in str(found.reason)
