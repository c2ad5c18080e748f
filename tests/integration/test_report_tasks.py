"""The report on each task, as files and on the terminal."""

import io
from typing import Any

import msgspec
import pytest
from rich.console import Console

from bench.core.record import Record
from bench.report.render.terminal import comparison_renderables
from bench.report.tables.build import make_tables
from bench.report.write import write_report
from tests.fixtures.present import present, text_on
from tests.fixtures.records import make_record


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


def printed(renderables) -> str:
    console = Console(width=100, file=io.StringIO())
    for part in renderables:
        console.print(part)
    return text_on(console)


@pytest.mark.parametrize("task", ["evaluate", "predict"])
def test_the_report_and_the_terminal_show_what_the_task_has(tmp_path, task):
    records = [inferred(make_record(backend=backend), task) for backend in ("jax", "torch")]
    folder = write_report(tmp_path, records, title="x").parent
    text = (folder / "report.md").read_text()
    assert f"{task} with lab_baseline" in text and "all test images" in text
    assert ("p99 ms" in text) == (task == "predict")
    shown = printed(comparison_renderables(make_tables(records)))
    assert "fit s" in shown and ("p99" in shown) == (task == "predict")
    assert ("accuracy" in shown) == (task == "evaluate")
