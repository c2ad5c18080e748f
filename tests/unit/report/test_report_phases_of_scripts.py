"""The records of scripts in tables, pages and on the terminal."""

import io
from typing import Any

from msgspec.structs import replace
from rich.console import Console

from bench.core.cell import OWN_DATA
from bench.core.record import Record
from bench.core.result import Epoch, TrainingPhase
from bench.report.render.phases import phase_renderables
from bench.report.tables.phase_records import with_phases
from tests.fixtures.present import text_on
from tests.fixtures.records import make_record


def phase(name: str, line: int | None, seconds: float, *losses: float, **fields) -> TrainingPhase:
    method: Any = name.partition(" ")[0]
    loss = "val_loss" if method == "evaluate" else "loss"
    epochs = tuple(
        Epoch(index=n, warmup=n == 0, train_seconds=0.5, logs={loss: value})
        for n, value in enumerate(losses)
    )
    return TrainingPhase(
        name=name, method=method, line=line, seconds=seconds, epochs=epochs, **fields
    )


PHASES = (
    phase("script", 4, 2.0),
    phase("fit", 4, 3.0, 2.0, 1.5),
    phase("script 2", 6, 0.001),
    phase("fit 2", 6, 4.0, 1.0, calls=3),
    phase("evaluate", 8, 0.5, 0.25),
    phase("script 3", None, 0.0),
)


def record(phases: tuple[TrainingPhase, ...] = PHASES, **fields) -> Record:
    """Return the record of a script with these phases."""
    made = make_record(**fields)
    cell = replace(
        made.cell,
        workload="script:/a/train.py --fast",
        dataset=OWN_DATA,
        batch_size=None,
        epochs=None,
    )
    assert made.result is not None
    result = replace(made.result, epochs=(), phases=phases, train_images=None)
    return replace(made, cell=cell, result=result)


def printed(*records: Record) -> list[str]:
    console = Console(file=io.StringIO(), width=80)
    console.print(*phase_renderables(with_phases(records)), sep="\n")
    return text_on(console).splitlines()


def test_each_backend_has_its_phases_with_calls_epochs_seconds_and_the_last_loss():
    lines = printed(record(), record(backend="torch"))
    assert max(map(len, lines)) <= 80
    words = [line.split() for line in lines]
    assert words[1] == ["backend", "phase", "line", "calls", "epochs", "seconds", "loss"]
    assert words[2:6] == [
        ["jax", "script", "4", "1", "2.000"],
        ["fit", "4", "1", "2", "3.000", "1.5"],
        ["fit", "2", "6", "3", "1", "4.000", "1"],
        ["evaluate", "8", "1", "1", "0.500", "0.25"],
    ]
    assert words[6] == ["torch", "script", "4", "1", "2.000"]


def test_of_several_launches_the_median_is_shown():
    slow = tuple(replace(each, seconds=each.seconds * 3) for each in PHASES)
    lines = printed(record(), record(slow, repetition=1), record(slow, repetition=2))
    assert ["jax", "script", "4", "1", "6.000"] in [line.split() for line in lines]


def test_a_script_without_calls_has_its_one_phase():
    assert printed(record((phase("script", None, 0.0),)))[2].split() == [
        "jax",
        "script",
        "1",
        "0.000",
    ]


def test_without_scripts_nothing_is_printed():
    assert phase_renderables([make_record(), make_record(status="failed")]) == []


def test_a_backend_whose_launches_failed_has_the_reason():
    failed = make_record(status="failed", backend="torch", reason="train.py, line 4: no data")
    failed = replace(failed, cell=replace(record().cell, backend="torch"))
    lines = printed(record(), failed)
    assert ["torch", "failed"] in [line.split() for line in lines]
    assert "torch: train.py, line 4: no data" in [line.rstrip() for line in lines]
