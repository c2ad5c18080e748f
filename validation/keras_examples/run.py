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
from bench.core.text import sanitize_line
from validation.keras_examples.alias import write_alias
from validation.keras_examples.catalogue import Example
from validation.keras_examples.folder import (
    laid_into_root,
    lay_out,
    run_shell_cells,
)
from validation.keras_examples.measured import bench_command, bench_environment, row_of_record
from validation.keras_examples.rows import (
    ExamplePhase,
    ExampleRow,
    Way,
    add_row,
    group_phases,
    read_example_rows,
)


@dataclass(frozen=True)
class RunOptions:
    """Where the examples run, with which interpreter, and for how long each."""

    python: Path
    stand_ins: Path
    folder: Path
    timeout_seconds: float
    way: Way = "plain"
    seed: int = 1
    again: bool = False

    @property
    def rows(self) -> Path:
        """The file of rows."""
        return self.folder / "rows.jsonl"


def run_examples(
    examples: list[Example], backends: list[str], options: RunOptions, tell: Callable[[str], None]
) -> list[ExampleRow]:
    """Run what has no row yet, or one that took too long; return the rows of this call.

    With `again`, all are run.
    """
    done = read_example_rows(options.rows)
    rows = []
    for backend in backends:
        for example in examples:
            row = done.get((example.name, backend, options.way))
            known = row is not None and row.status != "timeout" and not options.again
            if backend not in example.backends or known:
                continue
            row = run_example(example, backend, options)
            add_row(options.rows, row)
            rows.append(row)
            tell(f"{backend} {example.name}: {row.status} {row.seconds:.0f} s {row.reason or ''}")
    return rows


def run_example(example: Example, backend: str, options: RunOptions) -> ExampleRow:
    """Run one example with stand-ins; never raises for what the script does."""
    if (error := _syntax_error(example)) is not None:
        return ExampleRow(
            example=example.name, backend=backend, way=options.way, status="failed", reason=error
        )
    place = options.folder / f"{example.short}-{backend}"
    script, stand_ins = lay_out(example, options.stand_ins, place)
    write_alias(script.parent)
    log = place / "log.txt"
    used = run_shell_cells(script, stand_ins, log)
    if options.way == "plain":
        command = _plain_command(script, stand_ins, place, options)
        environment = _environment(backend)
    else:
        reports = place / "reports"
        command = bench_command(script, stand_ins, backend, options.python, options.seed, reports)
        environment = bench_environment(place)
    started = time.perf_counter()
    with laid_into_root(options.stand_ins / example.short / "root"):
        finished = _wait(command, script.parent, environment, log, options.timeout_seconds)
    base = ExampleRow(
        example=example.name,
        backend=backend,
        way=options.way,
        status="ok",
        seconds=time.perf_counter() - started,
        seed=options.seed,
    )
    if not finished:
        reason = f"not finished after {options.timeout_seconds:.0f} s: {_last_line(log)}"
        return msgspec.structs.replace(base, status="timeout", reason=reason)
    if options.way == "bench":
        return row_of_record(base, place / "reports")
    return _row_of_result(base, place / "result.json", log, used)


def _syntax_error(example: Example) -> str | None:
    """Return why the file is no Python, without starting one for it; None if it is."""
    try:
        compile(example.path.read_text(encoding="utf-8"), example.path.name, "exec")
    except SyntaxError as error:
        return f"line {error.lineno}: SyntaxError: {error.msg}"
    return None


def _plain_command(script: Path, stand_ins: Path, place: Path, options: RunOptions) -> list[str]:
    command = [str(options.python), "-m", "validation.keras_examples.bootstrap", str(script)]
    command += ["--stand-ins", str(stand_ins), "--result", str(place / "result.json")]
    return [*command, "--seed", str(options.seed)]


def _row_of_result(base: ExampleRow, result: Path, log: Path, used: list[str]) -> ExampleRow:
    """Return `base` with what the bootstrap wrote, or with the last line if it wrote nothing."""
    if not result.exists():
        reason = f"the process ended without a result: {_last_line(log)}"
        return msgspec.structs.replace(base, status="failed", reason=reason)
    outcome = json.loads(result.read_text())
    error = outcome["error"]
    return msgspec.structs.replace(
        base,
        status="ok" if error is None else "failed",
        reason=None if error is None else _without_places(error, result),
        phases=group_phases(msgspec.convert(p, ExamplePhase) for p in outcome["phases"]),
        stand_ins=(*used, *outcome["stand_ins"]),
    )


def _without_places(error: str, result: Path) -> str:
    """Return the error on one line, without the folders of this checkout and of the run."""
    for place in (result.parent, CHECKOUT):
        error = error.replace(f"{place}/", "")
    return sanitize_line(error)


def _environment(backend: str) -> dict[str, str]:
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "MPLBACKEND": "Agg", "PYTHONUNBUFFERED": "1"}
    return os.environ | quiet | {"KERAS_BACKEND": backend, "PYTHONPATH": str(CHECKOUT)}


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
    return " ".join(filled[-1].split()[-12:]) if filled else "nothing was printed"
