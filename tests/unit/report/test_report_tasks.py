"""Records of `evaluate` and `predict`, and what a framework refused, in every table."""

import io
from typing import Any

import msgspec
import pandas as pd
import pytest
from rich.console import Console

from bench.core.record import Record
from bench.report.render.terminal import comparison_renderables, ratio_renderables
from bench.report.tables.build import make_tables
from bench.report.tables.ratios import ratios_frame
from tests.fixtures.present import present, text_on
from tests.fixtures.records import make_record, race_records


def inferred(record: Record, task: str = "predict") -> Record:
    """Return the record as one of a task without training, with 100 latencies of 1 to 100 ms."""
    evaluates = task == "evaluate"
    epochs = tuple(
        msgspec.structs.replace(
            epoch,
            validation_seconds=None,
            logs={n: v for n, v in epoch.logs.items() if evaluates and n.startswith("val_")},
            first_step_seconds=None,
        )
        for epoch in present(record.result).epochs
    )
    latencies = () if evaluates else tuple(i / 1000 for i in range(100, 0, -1))
    changes: dict[str, Any] = {
        "epochs": epochs,
        "latency_seconds": latencies,
        "first_step_seconds": None,
    }
    result = msgspec.structs.replace(present(record.result), **changes)
    cell = msgspec.structs.replace(record.cell, task=task)
    return msgspec.structs.replace(record, cell=cell, result=result)


@pytest.fixture
def race() -> list[Record]:
    raced = race_records({"jax": 1.0, "torch": 2.0}, rounds=6, train_images=100)
    return [inferred(record) for record in raced]


def printed(renderables) -> str:
    console = Console(width=100, file=io.StringIO())
    for part in renderables:
        console.print(part)
    return text_on(console)


def test_the_latencies_are_observed_ones_at_their_percentiles():
    [row] = make_tables([inferred(make_record())]).cells.to_dict("records")
    found = [row[f"latency_p{percent}_seconds"] for percent in (50, 95, 99)]
    assert found == [0.05, 0.095, 0.099]
    assert row["task"] == "predict" and pd.isna(row["final_loss"])
    assert row["images_per_second"] == row["train_images"] / row["epoch_seconds_median"]


def test_a_forward_pass_is_a_third_of_the_work_of_training():
    fitted, predicted = make_record(), inferred(make_record())
    rates = make_tables([fitted, predicted]).comparison.set_index("task")["jax_achieved_gflops"]
    assert rates["fit"] == pytest.approx(3 * rates["predict"])


def test_tasks_stand_in_rows_of_their_own():
    records = [make_record(), inferred(make_record()), inferred(make_record(), "evaluate")]
    comparison = make_tables(records).comparison.set_index("task")
    assert sorted(comparison.index) == ["evaluate", "fit", "predict"]
    assert comparison["jax_final_val_loss"].notna().to_dict() == {
        "evaluate": True,
        "fit": True,
        "predict": False,
    }


def test_a_race_of_predictions_gives_ratios_of_passes_and_of_latencies(race):
    ratios = ratios_frame(race)
    assert ratios["quantity"].tolist() == ["epoch", "latency"]
    assert ratios["status"].eq("ok").all()
    assert ratios["ratio"].tolist() == [pytest.approx(0.5), 1.0]
    text = printed(ratio_renderables(make_tables(race)))
    assert "0.50 [0.50, 0.50], 6 rounds; latency 1.00 [1.00, 1.00], 6 rounds" in text


def test_what_is_refused_is_unsupported_with_its_reason_and_no_failure():
    reason = "NotImplementedError: no such kernel"
    refused = make_record(backend="torch", status="unsupported", reason=reason)
    tables = make_tables([make_record(), refused])
    [row] = tables.comparison.to_dict("records")
    assert (row["torch_status"], row["torch_reason"]) == ("unsupported", reason)
    assert tables.cells["status"].tolist() == ["ok", "unsupported"]
    shown = " ".join(printed(comparison_renderables(make_tables([make_record(), refused]))).split())
    assert f"torch: unsupported by the framework: {reason}" in shown


def test_the_perplexity_is_that_of_the_last_validation_loss():
    fields = {"target": "next"}
    record = make_record()
    result = present(record.result)
    settings = {**result.settings, **fields}
    text = msgspec.structs.replace(
        record, result=msgspec.structs.replace(result, settings=settings)
    )
    rows = make_tables([text]).cells
    loss = present(result.epochs[-1].val_loss)
    assert rows["final_val_perplexity"].tolist() == [pytest.approx(2.718281828459045**loss)]
    assert make_tables([record]).cells["final_val_perplexity"].isna().all()
    assert "val" in printed(comparison_renderables(make_tables([text])))
