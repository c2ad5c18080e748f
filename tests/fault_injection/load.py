"""Two runs that write to one store as fast as they can, without the lock that keeps them apart."""

import json
import select
import signal
from collections import Counter
from pathlib import Path
from time import monotonic

from tests.fault_injection.planted import plant_python
from tests.fault_injection.row import Family
from tests.fault_injection.stage import Ended, Stage, ended
from tests.fault_injection.starter import Command
from tests.fixtures.fake_worker import result

LOAD = Family("load")


def fast_python(stage: Stage) -> str:
    """Return an interpreter whose worker copies the same result each time: a shell, no Python."""
    answer = result({"cell": {"epochs": 2}}, entered_at=None, left_at=None)
    path = stage.folder / "result.json"
    path.write_text(json.dumps(answer))
    return plant_python(stage, f'for job; do :; done\nexec cp "{path}" "${{job%/*}}/output.json"')


def write_together(stage: Stage, seconds: float, records: int) -> Ended:
    """Let two runs store records for `seconds`, and until there are `records` of them."""
    python, begin = fast_python(stage), monotonic()
    commands = [_start(stage, python, name) for name in ("first", "second")]
    while monotonic() < begin + seconds or _told(commands) < records:
        assert all(command.runs for command in commands), [command.err for command in commands]
        select.select(commands, [], [], 0.5)
    for command in commands:
        command.send(signal.SIGKILL)  # a report on so many records is no part of this
    ends = [ended(command) for command in commands]
    found = stage.records()
    names = Counter((record.run_id, record.repetition) for record in found)
    assert set(names.values()) == {1}, "none is there twice"
    assert 0 <= len(found) - _told(commands) <= 2, "stored and not told, at most the last of each"
    assert len(found) >= records
    counts = f"{len(found)} records of two runs in {monotonic() - begin:.0f} s\n"
    (stage.folder / "counts.txt").write_text(counts)
    return Ended(ends[0].code, f"{records} records or more, 0 lost, 0 doubled")


def _start(stage: Stage, python: str, name: str) -> Command:
    log: Path = stage.log / name
    log.mkdir()
    options = ["--fresh", "--repeats=12000", f"--python=jax={python}"]
    variables = {"KERAS_BENCH_LOCK": str(stage.folder / name)}
    return stage.start("run", *stage.select("ok"), *options, log=log, variables=variables)


def _told(commands: list[Command]) -> int:
    """Return how many records the runs have told of so far."""
    return sum(command.out.count(": ok in") for command in commands)


@LOAD.row(
    "two runs write to one store at once, 100 records",
    "none is lost, none is there twice",
    code=-9,
    sentence="100 records or more, 0 lost, 0 doubled",
    warm=True,
)
def two_runs(stage: Stage) -> Ended:
    return write_together(stage, 0, 100)


@LOAD.row(
    "two runs write to one store for 5 minutes, 10,000 records or more",
    "none is lost, none is there twice",
    code=-9,
    sentence="10000 records or more, 0 lost, 0 doubled",
    warm=True,
)
def five_minutes(stage: Stage) -> Ended:
    return write_together(stage, 300, 10_000)
