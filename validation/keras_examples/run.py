"""Each example under each backend, one after another, resumable: a row is written for each."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.core.paths import CHECKOUT
from validation.keras_examples.alias import write_alias
from validation.keras_examples.catalogue import Example
from validation.keras_examples.folder import (
    laid_into_root,
    lay_out,
    run_shell_cells,
)
from validation.keras_examples.rows import ExamplePhase, ExampleRow, add_row, read_example_rows


@dataclass(frozen=True)
class RunOptions:
    """Where the examples run, with which interpreter, and for how long each."""

    python: Path
    stand_ins: Path
    folder: Path
    timeout_seconds: float
    again: bool = False

    @property
    def rows(self) -> Path:
        """The file of rows."""
        return self.folder / "rows.jsonl"


def run_examples(
    examples: list[Example], backends: list[str], options: RunOptions, tell: Callable[[str], None]
) -> list[ExampleRow]:
    """Run what has no row yet (all, with `again`); return the rows of this call."""
    done = read_example_rows(options.rows)
    rows = []
    for backend in backends:
        for example in examples:
            known = (example.name, backend, "plain") in done and not options.again
            if backend not in example.backends or known:
                continue
            row = run_example(example, backend, options)
            add_row(options.rows, row)
            rows.append(row)
            tell(f"{backend} {example.name}: {row.status} {row.seconds:.0f} s {row.reason or ''}")
    return rows


def run_example(example: Example, backend: str, options: RunOptions) -> ExampleRow:
    """Run one example by plain Python with stand-ins; never raises for what the script does."""
    place = options.folder / f"{example.short}-{backend}"
    script, stand_ins = lay_out(example, options.stand_ins, place)
    log = place / "log.txt"
    used = run_shell_cells(script, stand_ins, log)
    result = place / "result.json"
    command = [str(options.python), "-m", "validation.keras_examples.bootstrap", str(script)]
    command += ["--stand-ins", str(stand_ins), "--result", str(result)]
    environment = _environment(backend, write_alias(options.folder / "alias"))
    started = time.perf_counter()
    with laid_into_root(options.stand_ins / example.short / "root"):
        finished = _wait(command, script.parent, environment, log, options.timeout_seconds)
    seconds = time.perf_counter() - started
    base = ExampleRow(
        example=example.name, backend=backend, way="plain", status="ok", seconds=seconds
    )
    if not finished:
        reason = f"not finished after {options.timeout_seconds:.0f} s: {_last_line(log)}"
        return msgspec.structs.replace(base, status="timeout", reason=reason)
    if not result.exists():
        reason = f"the process ended without a result: {_last_line(log)}"
        return msgspec.structs.replace(base, status="failed", reason=reason)
    outcome = json.loads(result.read_text())
    return msgspec.structs.replace(
        base,
        status="failed" if outcome["error"] else "ok",
        reason=outcome["error"],
        phases=tuple(msgspec.convert(p, ExamplePhase) for p in outcome["phases"]),
        stand_ins=(*used, *outcome["stand_ins"]),
    )


def _environment(backend: str, alias: Path) -> dict[str, str]:
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"}
    path = os.pathsep.join((str(CHECKOUT), str(alias)))
    return os.environ | quiet | {"KERAS_BACKEND": backend, "PYTHONPATH": path}


def _wait(
    command: list[str], cwd: Path, environment: dict[str, str], log: Path, timeout: float
) -> bool:
    """Return whether the process ended in time; else it and its children are killed."""
    with log.open("a") as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        finally:
            _kill_group(process.pid)
            process.wait()
    return True


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").replace("\b", "").split("\n")
    filled = [line.strip() for line in lines if line.strip()]
    return filled[-1][-200:] if filled else "nothing was printed"
