"""An example through the product: `python -m bench run --script`, and its record as a row."""

import os
import sys
from pathlib import Path

import msgspec

from bench.core.paths import CHECKOUT
from bench.core.result import TrainingPhase
from bench.storage.store import Store
from validation.keras_examples.rows import ExamplePhase, ExampleRow


def bench_command(
    script: Path, stand_ins: Path, backend: str, python: Path, seed: int, reports: Path
) -> list[str]:
    """Return the command that measures `script` on one backend, with its records in `reports`."""
    command = [sys.executable, "-m", "bench", "run", "--script", str(script)]
    command += ["--stand-ins", str(stand_ins), "--backend", backend, "--seed", str(seed)]
    return [*command, "--python", f"{backend}={python}", "--reports", str(reports), "--quiet"]


def bench_environment(folder: Path) -> dict[str, str]:
    """Return the variables of that command: a lock of its own, no window for plots."""
    own = {"KERAS_BENCH_LOCK": str(folder / "timing.lock"), "MPLBACKEND": "Agg"}
    return os.environ | own | {"PYTHONPATH": str(CHECKOUT), "TF_CPP_MIN_LOG_LEVEL": "2"}


def row_of_record(base: ExampleRow, reports: Path) -> ExampleRow:
    """Return `base` with what the only record of `reports` holds, or with the reason of its end."""
    records = Store(reports).load_all()
    if not records:
        return msgspec.structs.replace(base, status="failed", reason="no record was stored")
    record = records[-1]
    if record.result is None:
        return msgspec.structs.replace(base, status="failed", reason=record.reason)
    settings = record.result.settings
    return msgspec.structs.replace(
        base,
        status="ok",
        phases=tuple(_phase(p) for p in record.result.phases if p.method != "script"),
        stand_ins=tuple(str(settings.get("stand_ins", "")).split(", ")),
    )


def _phase(phase: TrainingPhase) -> ExamplePhase:
    names = dict.fromkeys(name for epoch in phase.epochs for name in epoch.logs)
    return ExamplePhase(
        method=phase.method,
        line=phase.line or 0,
        calls=phase.calls,
        seconds=phase.seconds,
        epochs=len(phase.epochs) if phase.method == "fit" else 0,
        logs={name: [epoch.logs.get(name) for epoch in phase.epochs] for name in names},
    )
