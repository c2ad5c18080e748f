"""The cost of the harness: the arithmetic on pairs, and a whole measurement with fake processes."""

import csv
import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from bench.storage.store import StoreError
from bench.system.interpreter import Interpreter
from validation.overhead.pairs import CostPair, order_of
from validation.overhead.report import cost_table, overhead_csv, overhead_markdown
from validation.overhead.run import Overhead, measure_overhead
from validation.overhead.verdict import judge_cost

FAKE = Path(__file__).parents[1] / "fixtures" / "fake_overhead.py"


def make_pair(kind: str, index: int, plain: float, harness: float, **fields) -> CostPair:
    return CostPair(
        **{"backend": "jax", "train_images": 512, **fields},
        kind=kind,
        pair=index,
        order=order_of(index),
        seconds_plain=plain,
        seconds_harness=harness,
    )


def epochs(ratios: list[float], **fields) -> list[CostPair]:
    """Return pairs of longer and longer epochs, to which 1 s would have these ratios."""
    return [
        make_pair("callbacks", index, 0.5 + index, 0.5 + index + ratio - 1, **fields)
        for index, ratio in enumerate(ratios)
    ]


def launches(added: list[float], share: float = 0.001) -> list[CostPair]:
    """Return pairs of launches of 8 s and these seconds more, `share` of them in the parent."""
    return [
        make_pair("launch", index, 8.0, 8.0 + more, parent_cpu_seconds=share * (8.0 + more))
        for index, more in enumerate(added)
    ]


def make_interpreter(folder: Path, backend: str = "jax", broken: str = "none") -> Interpreter:
    path = folder / f"python-{backend}"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{FAKE}" {broken} "$@"\n')
    path.chmod(0o755)
    return Interpreter(backend=backend, python=str(path), versions={"keras": "3.15.1"})


def measure(folder: Path, *interpreters: Interpreter, **options) -> tuple[Overhead, str]:
    """Return what was measured, and what was printed."""
    console = Console(file=io.StringIO(), width=120)
    options = {"pairs": 6, "launches": 6, "folder": folder / "overhead", **options}
    return measure_overhead(interpreters, console=console, **options), console.file.getvalue()


def test_the_order_of_the_pairs_is_a_b_b_a():
    assert [order_of(pair) for pair in range(4)] == [
        "plain first",
        "harness first",
        "plain first",
        "harness first",
    ]


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pair_whose_clock_stood_still_is_refused(seconds):
    with pytest.raises(ValueError, match="pair 3 of jax has a duration not above 0 s"):
        make_pair("callbacks", 3, 1.0, seconds)


def test_the_ratio_of_an_epoch_is_told_for_one_second_whatever_was_measured():
    (verdict,) = judge_cost(epochs([1.001, 1.003, 1.002] * 4))
    assert verdict.interval.median == pytest.approx(1.002)
    assert 1.0009 < verdict.interval.low < 1.002 < verdict.interval.high < 1.0031
    assert (verdict.n, verdict.verdict) == (12, "met")


def test_a_launch_adds_the_median_of_the_paired_differences():
    added, _ = judge_cost(launches([0.1, 0.2, 0.3] * 4))
    assert added.interval.median == pytest.approx(0.2)
    assert added.verdict == "met"


def test_the_parents_share_is_that_of_one_core():
    _, share = judge_cost(launches([0.1] * 6, share=0.004))
    assert share.interval.median == pytest.approx(0.004)
    assert share.figure == "0.400% [0.400% to 0.400%]"


@pytest.mark.parametrize(
    ("ratios", "says"),
    [
        ([1.0, 1.005] * 6, "met"),
        ([0.98, 1.0] * 6, "undecided"),
        ([1.0, 1.02] * 6, "undecided"),
        ([1.02, 1.03] * 6, "missed"),
        ([0.95, 0.96] * 6, "missed"),
        ([1.0] * 5, "too few"),
    ],
)
def test_a_target_is_met_only_by_the_whole_interval(ratios, says):
    assert [verdict.verdict for verdict in judge_cost(epochs(ratios))] == [says]


@pytest.mark.parametrize(
    ("added", "says"),
    [([-0.2, 0.4] * 6, "met"), ([0.4, 0.6] * 6, "undecided"), ([0.6, 0.9] * 6, "missed")],
)
def test_a_launch_may_be_quicker_but_not_half_a_second_slower(added, says):
    assert judge_cost(launches(added))[0].verdict == says


def test_backends_are_judged_apart_and_no_pairs_give_no_verdict():
    pairs = [*epochs([1.0] * 6), *launches([0.1] * 6), *epochs([1.1] * 6, backend="torch")]
    assert [(verdict.backend, verdict.verdict) for verdict in judge_cost(pairs)] == [
        ("jax", "met"),
        ("jax", "met"),
        ("jax", "met"),
        ("torch", "missed"),
    ]
    assert judge_cost([]) == []


def test_a_median_is_never_told_without_its_interval():
    (verdict,) = judge_cost(epochs([1.25] * 5))
    assert verdict.figure == "no interval"
    assert "1.25" not in overhead_markdown(epochs([1.25] * 5), [], [])


def test_the_csv_holds_every_field_of_every_pair():
    pairs = [*epochs([1.5, 1.25]), *launches([0.25])]
    rows = list(csv.DictReader(io.StringIO(overhead_csv(pairs))))
    assert [row["kind"] for row in rows] == ["callbacks", "callbacks", "launch"]
    assert list(rows[0]) == list(CostPair.__struct_fields__)
    assert [float(row["seconds_harness"]) for row in rows] == [1.0, 1.75, 8.25]
    assert [row["parent_cpu_seconds"] == "" for row in rows] == [True, True, False]


def test_the_table_on_a_terminal_is_no_wider_than_one():
    console = Console(file=io.StringIO(), width=100)
    console.print(cost_table([*epochs([1.001] * 6, backend="tensorflow"), *launches([0.1] * 6)]))
    rows = console.file.getvalue().splitlines()[2:]  # below the title and the headings
    assert len(rows) == 3
    assert "epoch of 1 s, ours / plain" in rows[0] and "1.0010 [1.0010 to 1.0010]" in rows[0]


def test_every_backend_is_measured_and_written_down(tmp_path):
    backends = ("jax", "torch")
    overhead, printed = measure(tmp_path, *(make_interpreter(tmp_path, b) for b in backends))
    assert overhead.failures == ()
    kinds = [(pair.backend, pair.kind, pair.pair) for pair in overhead.pairs]
    assert kinds == [(b, k, i) for b in backends for k in ("callbacks", "launch") for i in range(6)]
    assert (tmp_path / "overhead" / "overhead.csv").read_text() == overhead_csv(overhead.pairs)
    document = (tmp_path / "overhead" / "overhead.md").read_text()
    assert "1.0010" in document and "keras=3.15.1" in document
    lines = printed.splitlines()
    assert lines[0] == "(1/4) jax-callbacks: 6 pairs, about 4 min left"
    assert lines[1].startswith("(1/4) jax-callbacks: measured in ")
    assert lines[6].startswith("(4/4) torch-launch: 6 pairs, about ")
    assert "Cost of the harness" in lines[8]


def test_launches_are_timed_on_both_sides_with_this_process_beside_them(tmp_path):
    overhead, _ = measure(tmp_path, make_interpreter(tmp_path), pairs=1, launches=2)
    epoch, first, second = overhead.pairs
    assert [first.order, second.order] == ["plain first", "harness first"]
    assert first.parent_cpu_seconds > 0 and second.parent_cpu_seconds > 0
    assert (epoch.kind, epoch.parent_cpu_seconds) == ("callbacks", None)


@pytest.mark.parametrize(
    ("broken", "head"),
    [
        ("callbacks", "jax-callbacks: exited with status 1"),
        ("plain", "jax-launch, plain script: exited with status 1"),
        ("worker", "jax-launch, harness: exited with status 1"),
    ],
)
def test_a_part_that_fails_is_told_with_its_reason_and_stops_no_other(tmp_path, broken, head):
    broken_jax = make_interpreter(tmp_path, "jax", broken)
    overhead, printed = measure(tmp_path, broken_jax, make_interpreter(tmp_path, "torch"))
    (failure,) = overhead.failures
    assert failure.startswith(head) and failure.endswith("no such layer.")
    assert f"FAILED: {failure}" in printed
    assert head in (tmp_path / "overhead" / "overhead.md").read_text()
    assert len(overhead.pairs) == 3 * 6


def test_an_interruption_keeps_the_parts_before_it(tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("validation.overhead.measure._pair", interrupt)
    with pytest.raises(KeyboardInterrupt):
        measure(tmp_path, make_interpreter(tmp_path))
    rows = (tmp_path / "overhead" / "overhead.csv").read_text().splitlines()
    assert len(rows) == 1 + 6


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "overhead").touch()
    with pytest.raises(StoreError, match=r"overhead cannot be written: Not a directory\.$"):
        measure(tmp_path, make_interpreter(tmp_path))
