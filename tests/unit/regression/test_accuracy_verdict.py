"""Accuracy over seeds: verdicts, how many seeds are needed, and records that are no seeds."""

import random

import pytest

from bench.core.headline import Headline
from bench.core.record import Record
from bench.regression.accuracy.report import accuracy_table
from bench.regression.accuracy.screening import screen
from bench.regression.accuracy.seeds import families, mismatch, seeds_of
from bench.regression.accuracy.verdict import (
    AccuracyVerdict,
    SeedAccuracies,
    judge_accuracy,
)
from tests.fixtures.records import make_phase, make_record, script_record


def make_seeds(mean: float, spread: float = 0.005, seeds: int = 8, seed: int = 0) -> SeedAccuracies:
    noise = random.Random(seed)
    return SeedAccuracies(
        accuracies=tuple(noise.gauss(mean, spread) for _ in range(seeds)), images=10_000
    )


def judge(
    baseline: SeedAccuracies, candidate: SeedAccuracies, margin: float = 0.01
) -> AccuracyVerdict:
    return judge_accuracy({"cell": (baseline, candidate)}, margin)["cell"]


def test_too_few_seeds_for_their_spread_are_inconclusive_and_the_number_is_told() -> None:
    found = judge(make_seeds(0.7, 0.02, 4), make_seeds(0.7, 0.02, 4, seed=1))
    assert found.verdict == "inconclusive"
    assert found.seeds_needed is not None
    assert found.seeds_needed > 20


def test_equal_accuracies_without_any_spread_pass() -> None:
    same = SeedAccuracies(accuracies=(1.0, 1.0, 1.0), images=360)
    assert judge(same, same).verdict == "pass"


def test_a_diverged_seed_of_the_candidate_is_a_regression_and_of_the_baseline_invalid() -> None:
    broken = SeedAccuracies(accuracies=(0.7,) * 7, images=10_000, diverged=(3,))
    assert judge(make_seeds(0.7), broken).verdict == "regressed"
    assert "seed 3" in str(judge(make_seeds(0.7), broken).reason)
    assert judge(broken, make_seeds(0.7)).verdict == "invalid"


def test_one_seed_is_no_measurement() -> None:
    assert judge(make_seeds(0.7, seeds=1), make_seeds(0.7)).verdict == "invalid"


def records(accuracies: list[float], **fields: object) -> list[Record]:
    return [
        make_record(seed=seed, train_seconds=[4.0, 2.0], val_accuracies=[0.1, value], **fields)
        for seed, value in enumerate(accuracies)
    ]


def test_seeds_are_read_from_the_last_epoch_of_each_seed() -> None:
    made = records([0.7, 0.71, 0.72])
    ((family, seeds),) = families(record.cell for record in made).items()
    assert (family.seed, seeds) == (0, [0, 1, 2])
    assert seeds_of(family, seeds, made).accuracies == (0.7, 0.71, 0.72)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda made: made[:2], "seed 2 has no record"),
        (
            lambda made: [*made[:2], make_record(cell=made[2].cell, status="failed", reason="OOM")],
            "seed 2 failed: OOM",
        ),
        (
            lambda made: [*made[:2], *records([0.7] * 3, workload_source="d" * 64)[2:]],
            "different workload source",
        ),
    ],
)
def test_what_is_no_seed_is_named(change: object, names: str) -> None:
    made = records([0.7, 0.71, 0.72])
    found = seeds_of(made[0].cell, [0, 1, 2], change(made))  # type: ignore[operator]
    assert names in str(found.reason)


def test_a_diverged_seed_is_told_from_one_that_failed() -> None:
    made = records([0.7, 0.71])
    nan = "NonFiniteLossError: loss is nan in epoch 1"
    made[1] = make_record(cell=made[1].cell, status="failed", reason=nan)
    found = seeds_of(made[0].cell, [0, 1], made)
    assert (found.diverged, found.reason) == ((1,), None)


def test_other_data_is_refused() -> None:
    assert mismatch(records([0.7]), records([0.7])) is None
    assert "dataset_fingerprint" in str(
        mismatch(records([0.7]), records([0.7], fingerprint="0" * 64))
    )


def losses(mean: float, seed: int = 0) -> SeedAccuracies:
    noise = random.Random(seed)
    values = tuple(noise.gauss(mean, 0.002 * mean) for _ in range(8))
    return SeedAccuracies(accuracies=values, images=10, headline=Headline("val_loss", "min"))


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [(205.0, "regressed"), (200.2, "pass"), (190.0, "improved"), (202.0, "regressed")],
)
def test_a_loss_is_better_if_it_is_smaller_and_its_margin_is_a_percentage(
    candidate: float, verdict: str
) -> None:
    found = judge(losses(200.0), losses(candidate, seed=1))
    assert found.verdict == verdict
    assert (found.metric, found.mode, found.unit) == ("val_loss", "min", "percent")
    assert found.margin == pytest.approx(2.0, rel=0.01)
    assert found.difference == pytest.approx(candidate - 200.0, abs=1.0)
    assert found.low < found.difference < found.high  # type: ignore[operator]
    table = accuracy_table([found])
    assert [str(column.header) for column in table.columns][1:4] == [
        *("verdict", "seeds", "difference")
    ]


def test_sides_that_are_judged_by_different_metrics_are_invalid() -> None:
    found = judge(losses(0.7), make_seeds(0.7))
    assert found.verdict == "invalid"
    assert found.reason == (
        "its sides are judged by different metrics: val_loss (min) and val_accuracy (max)"
    )


def test_seeds_are_judged_by_the_headline_of_their_records() -> None:
    logs = [{"loss": 1.0, "val_mae": 3.0}, {"loss": 0.5, "val_mae": 2.0}]
    own = {"train_seconds": [4.0, 2.0], "logs": logs}
    made = [make_record(seed=seed, headline="val_mae", **own) for seed in (0, 1)]
    found = seeds_of(made[0].cell, [0, 1], made)
    assert (found.headline, found.accuracies) == (("val_mae", "min"), (2.0, 2.0))
    missing = [make_record(seed=0, headline="val_auc", **own)]
    assert seeds_of(made[0].cell, [0], missing).reason == (
        "seed 0 cannot be judged: there is no val_auc; the logs are loss, val_mae"
    )
    mixed = [made[0], make_record(seed=1, headline="loss", **own)]
    assert "judged by val_mae and loss" in str(seeds_of(made[0].cell, [0, 1], mixed).reason)


def test_the_seeds_of_a_script_are_judged_by_its_last_fit() -> None:
    phases = (
        make_phase("fit", [2.0, 1.0], validation_images=10),
        make_phase("fit 2", [1.0], logs=[{"val_accuracy": 0.75}], validation_images=40),
    )
    made = [script_record(*phases, seed=seed) for seed in (0, 1)]
    found = seeds_of(made[0].cell, [0, 1], made)
    assert (found.accuracies, found.images, found.reason) == ((0.75, 0.75), 40, None)


def test_without_a_number_of_images_a_value_is_rounded_to_float32() -> None:
    known, unknown = (SeedAccuracies(accuracies=(0.5, 0.5), images=n) for n in (100, None))
    assert known.rounding_variance() == pytest.approx(0.01**2 / 12)
    assert unknown.rounding_variance() == pytest.approx((0.5 * 2**-23) ** 2 / 12)


def timed(seconds: list[float], **fields: object) -> list[Record]:
    return [
        make_record(train_seconds=[9.0, value], repetition=number, **fields)
        for number, value in enumerate(seconds)
    ]


@pytest.mark.parametrize(
    ("candidate", "says"),
    [
        ([2.0, 2.01, 1.99, 2.02], "inconclusive"),
        ([1.0, 1.01, 0.99, 1.02], "inconclusive"),
        ([2.6, 2.61, 2.59, 2.62], "suspect"),
        ([2.6], "inconclusive"),
    ],
)
def test_stored_times_raise_suspicion_and_never_clear(candidate: list[float], says: str) -> None:
    (found,) = screen({"cell": (timed([2.0, 2.02, 1.98, 2.01]), timed(candidate))}, 0.02)
    assert found.verdict == says


@pytest.mark.parametrize(
    ("candidate", "names"),
    [
        ([], "candidate has no record"),
        (timed([2.0], machine={"machine_id": "elsewhere"}), "machine_id"),
        (timed([2.0], protocol_version=1), "protocol_version"),
        (timed([2.0], fingerprint="0" * 64), "dataset_fingerprint"),
        ([make_record(status="failed", reason="OOM")], "OOM"),
    ],
)
def test_a_stale_or_broken_baseline_is_invalid(candidate: list[Record], names: str) -> None:
    (found,) = screen({"cell": (timed([2.0, 2.1]), candidate)}, 0.02)
    assert found.verdict == "invalid"
    assert names in str(found.reason)
