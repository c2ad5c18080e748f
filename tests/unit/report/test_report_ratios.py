"""The ratios of races, recomputed by a sceptic, and what gives none."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from bench.core.record import Record
from bench.core.result import Epoch
from bench.report.files import write_csv
from bench.report.tables.ratios import ratios_frame, rounds_frame
from bench.stats.stability import CALIBRATION_BOUND
from tests.fixtures.records import make_record, race_records

CONTENDERS = {"jax": 3.0, "jax instrumented": 3.6, "tensorflow": 2.5, "torch": 2.0}


def _noisy_race(rounds: int) -> list[Record]:
    """Return a race whose epochs and calibrations are unlike in every launch."""
    random, slow = Random(1), Random(2)
    records = race_records(CONTENDERS, rounds, slowness=lambda _: slow.uniform(1.0, 1.12))
    return [_with_seconds(record, random) for record in records]


def _with_seconds(record: Record, random: Random) -> Record:
    return _with_epochs(
        record,
        lambda epoch: {"train_seconds": epoch.train_seconds * random.uniform(0.9, 1.1)},
    )


def _with_epochs(record: Record, change: Callable[[Epoch], dict[str, float]]) -> Record:
    """Return the record with the fields of every epoch that `change` gives."""
    assert record.result is not None
    epochs = tuple(
        msgspec.structs.replace(epoch, **change(epoch)) for epoch in record.result.epochs
    )
    return msgspec.structs.replace(
        record, result=msgspec.structs.replace(record.result, epochs=epochs)
    )


def _pairs(records: Sequence[Record]) -> dict[tuple[str, str], dict[str, Any]]:
    frame = ratios_frame(records).astype(object)
    return {
        (row["numerator"], row["denominator"]): {str(name): row[name] for name in row}
        for row in frame.to_dict("records")
        if row["quantity"] == "epoch"
    }


def test_the_pairs_are_all_backends_and_each_instrumented_launch_with_its_plain_one() -> None:
    frame = ratios_frame(_noisy_race(6))
    pairs = frame[["kind", "numerator", "denominator", "quantity"]].to_numpy().tolist()
    assert pairs == [
        [*pair, quantity]
        for pair in (
            ("backends", "jax", "tensorflow"),
            ("backends", "jax", "torch"),
            ("backends", "tensorflow", "torch"),
            ("instrumented", "jax instrumented", "jax"),
        )
        for quantity in ("epoch", "steps")
    ]
    assert frame["status"].eq("ok").all()
    assert (frame["ratio_low"] < frame["ratio"]).all()
    assert (frame["ratio"] < frame["ratio_high"]).all()


def test_a_sceptic_recomputes_ratios_and_drifts_from_rounds_csv(tmp_path: Path) -> None:
    """Ten rounds: the ends lie between the second and the third smallest and largest log ratio."""
    records = _noisy_race(10)
    for name, frame in (("rounds", rounds_frame(records)), ("ratios", ratios_frame(records))):
        write_csv(tmp_path / f"{name}.csv", frame)
    rounds, ratios = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("rounds", "ratios"))
    kind = np.where(rounds["instrumented"], " instrumented", "")
    rounds["contender"] = rounds["backend"] + kind
    columns = {"epoch": "epoch_seconds_median", "steps": "step_seconds_median"}
    logs = {
        quantity: np.log(rounds.pivot_table(column, index="race_round", columns="contender"))
        for quantity, column in columns.items()
    }
    weight = 8 * (29.2 / 90) / (2 + 6 * (29.2 / 90))
    assert len(ratios) == 2 * 4
    for ratio in ratios.itertuples():
        table = logs[str(ratio.quantity)]
        difference = np.sort(table[str(ratio.numerator)] - table[str(ratio.denominator)])
        assert ratio.ratio == pytest.approx(np.exp(np.median(difference)))
        low = (1 - weight) * difference[1] + weight * difference[2]
        high = (1 - weight) * difference[-2] + weight * difference[-3]
        assert [ratio.ratio_low, ratio.ratio_high] == pytest.approx(np.exp([low, high]))
        assert (ratio.rounds, ratio.rounds_failed, ratio.confidence) == (10, 0, 0.95)
        for kernel in ("gemm", "copy"):
            seconds = f"{kernel}_seconds"
            p10, p90 = rounds.groupby("race_round")[seconds].median().quantile([0.1, 0.9])
            of_contenders = rounds.groupby("contender")[seconds].median()
            moved = max(p90 / p10, of_contenders.max() / of_contenders.min()) - 1
            assert getattr(ratio, f"{kernel}_drift") == pytest.approx(moved)


def test_rounds_hold_every_launch_in_its_order_with_both_calibrations() -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 2, slowness=lambda launch: launch + 1.0)
    failed = make_record(
        status="failed", place=(2, 0), run_id=race[0].run_id, epochs=2, slowness=5.0
    )
    frame = rounds_frame([make_record(epochs=2), failed, *reversed(race)])
    assert frame["backend"].tolist() == ["jax", "torch", "torch", "jax", "jax"]
    assert frame["race_round"].tolist() == [0, 0, 1, 1, 2]
    assert frame["race_position"].tolist() == [0, 1, 0, 1, 0]
    assert frame["status"].tolist() == ["ok"] * 4 + ["failed"]
    assert frame["epoch_seconds_median"].isna().tolist() == [False] * 4 + [True]
    assert frame["gemm_before_seconds"].tolist() == pytest.approx([0.05, 0.1, 0.15, 0.2, 0.25])
    assert frame["copy_after_seconds"].tolist() == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert frame["gemm_seconds"].tolist() == frame["gemm_before_seconds"].tolist()


def test_an_unstable_race_says_so_and_gives_no_ratio() -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 8, slowness=lambda n: 1.8 if n < 8 else 1.0)
    row = _pairs(race)["jax", "torch"]
    assert row["status"] == "unstable"
    assert all(pd.isna(row[name]) for name in ("ratio", "ratio_low", "ratio_high", "confidence"))
    assert [row["gemm_drift"], row["copy_drift"]] == pytest.approx([0.8, 0.8])
    assert row["drift_bound"] == CALIBRATION_BOUND


def test_a_machine_that_is_slow_for_one_contender_alone_is_unstable() -> None:
    """Every round is alike, so that only the contenders' medians can tell."""
    order = [0, 1, 1, 0] * 4
    race = race_records({"jax": 2.0, "torch": 3.0}, 8, slowness=lambda n: 1.3 if order[n] else 1.0)
    row = _pairs(race)["jax", "torch"]
    assert row["status"] == "unstable"
    assert row["gemm_drift"] == pytest.approx(0.3)


def test_a_few_disturbed_launches_do_not_make_a_race_unstable() -> None:
    race = race_records(
        {"jax": 3.0, "tensorflow": 2.5, "torch": 2.0},
        10,
        slowness=lambda n: 1.8 if n % 9 == 4 else 1.0,
    )
    assert {row["status"] for row in _pairs(race).values()} == {"ok"}


def test_the_race_of_one_row_is_not_judged_by_that_of_another() -> None:
    steady = race_records({"jax": 2.0, "torch": 3.0}, 6)
    busy = race_records({"jax": 2.0, "torch": 3.0}, 6, seed=1, slowness=lambda n: 1.0 + n)
    frame = ratios_frame([*steady, *busy])
    assert frame["status"].tolist() == ["ok", "ok", "unstable", "unstable"]


def test_races_of_two_runs_are_two_races() -> None:
    first = race_records({"jax": 2.0, "torch": 3.0}, 6)
    second = race_records({"jax": 4.0, "torch": 3.0}, 6, run_id="20261103T120000Z-race")
    frame = ratios_frame([*second, *first])
    frame = frame[frame["quantity"] == "epoch"]
    assert frame["ratio"].tolist() == pytest.approx([2 / 3, 4 / 3])
    assert frame["run_id"].tolist() == [first[0].run_id, second[0].run_id]


def test_failed_launches_leave_their_rounds_out_and_too_few_give_no_ratio() -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 7)
    failed = {"status": "failed", "reason": "killed", "result": None}
    once = [msgspec.structs.replace(race[0], **failed), *race[1:]]
    row = _pairs(once)["jax", "torch"]
    assert (row["status"], row["rounds"], row["rounds_failed"]) == ("ok", 6, 1)
    never = [
        msgspec.structs.replace(record, **failed) if record.cell.backend == "jax" else record
        for record in race
    ]
    row = _pairs(never)["jax", "torch"]
    assert (row["status"], row["rounds"], row["rounds_failed"]) == ("too few rounds", 0, 7)


def test_contenders_that_disagree_in_what_they_must_not_give_no_ratio() -> None:
    jax = race_records({"jax": 2.0}, 6)
    torch = race_records({"torch": 2.0}, 6, parameters=5)
    tensorflow = race_records({"tensorflow": 2.0}, 6)
    pairs = _pairs([*jax, *torch, *tensorflow])
    assert pairs["jax", "torch"]["status"] == "mismatched"
    assert pairs["jax", "torch"]["mismatched"] == "parameters"
    assert pd.isna(pairs["jax", "torch"]["ratio"])
    assert pairs["jax", "tensorflow"]["status"] == "ok"


def test_launches_of_one_epoch_have_no_time_to_compare() -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 6, train_seconds=[2.0])
    assert _pairs(race)["jax", "torch"]["status"] == "too few rounds"


def test_epochs_of_one_step_have_a_ratio_of_epochs_and_none_of_steps() -> None:
    race = race_records({"jax": 2.0, "torch": 3.0}, 6, train_images=16)
    assert ratios_frame(race)["status"].tolist() == ["ok", "too few rounds"]


def test_a_dear_first_step_weighs_on_the_epoch_and_not_on_the_steps() -> None:
    jax, torch = (race_records({backend: 2.25}, 6) for backend in ("jax", "torch"))
    slow = [_with_epochs(record, lambda _: {"first_step_seconds": 1.25}) for record in jax]
    frame = ratios_frame([*slow, *torch]).set_index("quantity")
    assert frame.loc["epoch", "ratio"] == 1.0
    assert frame.loc["steps", "ratio"] == pytest.approx(0.5, rel=0.05)


def test_a_race_without_a_calibration_is_not_known_to_be_steady() -> None:
    race = [
        msgspec.structs.replace(record, calibration=None)
        for record in race_records({"jax": 2.0, "torch": 3.0}, 6)
    ]
    assert _pairs(race)["jax", "torch"]["status"] == "unstable"


@pytest.mark.parametrize(
    "records", [[], [make_record(), make_record(backend="torch")], race_records({"jax": 2.0}, 6)]
)
def test_without_two_contenders_of_a_race_there_is_no_ratio(records: list[Record]) -> None:
    assert len(ratios_frame(records)) == 0
