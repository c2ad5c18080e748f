"""The cost of the harness: the arithmetic on pairs, and a whole measurement with fake processes."""

import csv
import io

import pytest
from rich.console import Console

from tests.fixtures.present import present, text_on
from validation.overhead.pairs import CostKind, CostPair, order_of
from validation.overhead.report import cost_table, overhead_csv, overhead_markdown
from validation.overhead.verdict import judge_cost


def make_pair(kind: CostKind, index: int, plain: float, harness: float, **fields) -> CostPair:
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
    interval = present(verdict.interval)
    assert interval.median == pytest.approx(1.002)
    assert 1.0009 < interval.low < 1.002 < interval.high < 1.0031
    assert (verdict.n, verdict.verdict) == (12, "met")


def test_a_launch_adds_the_median_of_the_paired_differences():
    added, _ = judge_cost(launches([0.1, 0.2, 0.3] * 4))
    assert present(added.interval).median == pytest.approx(0.2)
    assert added.verdict == "met"


def test_the_parents_share_is_that_of_one_core():
    _, share = judge_cost(launches([0.1] * 6, share=0.004))
    assert present(share.interval).median == pytest.approx(0.004)
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
    rows = text_on(console).splitlines()[2:]  # below the title and the headings
    assert len(rows) == 3
    assert "epoch of 1 s, ours / plain" in rows[0] and "1.0010 [1.0010 to 1.0010]" in rows[0]
