"""Interruptions: Ctrl-C, SIGTERM, a closed terminal, SIGKILL, and two runs at once."""

import os
import pty
import signal
from typing import Any

from tests.fault_injection.planted import real_worker
from tests.fault_injection.row import Family, Inject
from tests.fault_injection.stage import Ended, Stage, ended, wait_for
from tests.fault_injection.starter import Command
from tests.fixtures.fake_python import are_gone, hung_pids

INTERRUPTION = Family("interruption")
TWO = Family("two runs at once")

_KEPT = r"Interrupted\. Every finished record is kept; the same call continues there\."
_MUST = "the worker and its child end; what is finished is kept; the same call continues there"


def hung(stage: Stage, *more: str, mode: str = "hang", **order: Any) -> tuple[Command, list[int]]:
    """Start a run of an ok cell and one that hangs; return it with the ids that hang."""

    def look() -> list[int]:
        logs = stage.reports.glob("runs/*/logs/*.log")
        pids = [pid for log in logs for pid in hung_pids(log.read_text())]
        return pids if len(pids) == 2 else []

    command = stage.start("run", *stage.select("ok", mode), **order)
    return command, wait_for(look, command)


def is_over(stage: Stage, command: Command, pids: list[int]) -> Ended:
    """Return how the interrupted command ended: with its first record and no process left."""
    done = ended(command)
    assert are_gone(pids) and stage.statuses() == ["ok"]
    plan = stage.call("plan", *stage.select("ok", "crash"), log=stage.folder)
    assert "1 stored (not trained again), 1 to train" in plan.text
    return done


def interrupts(number: signal.Signals, mode: str = "hang") -> Inject:
    """Return how one signal is sent."""

    def inject(stage: Stage) -> Ended:
        command, pids = hung(stage, mode=mode)
        command.send(number)
        return is_over(stage, command, pids)

    return inject


for _name, _fault, _number, _mode in (
    ("ctrl_c", "Ctrl-C", signal.SIGINT, "hang"),
    ("sigterm", "SIGTERM, while a worker ignores all it can", signal.SIGTERM, "hang_deaf"),
):
    INTERRUPTION.add(
        _name, _fault, _MUST, code=130, sentence=_KEPT, inject=interrupts(_number, _mode)
    )


@INTERRUPTION.row("Ctrl-C twice, and SIGTERM behind it", _MUST, code=130, sentence=_KEPT)
def impatient(stage: Stage) -> Ended:
    command, pids = hung(stage)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        command.send(number)
    return is_over(stage, command, pids)


@INTERRUPTION.row(
    "the terminal is closed",
    f"{_MUST}; what cannot be shown there goes to the error stream",
    code=130,
    sentence=r"Standard output cannot be written: Input/output error\.",
)
def closed_terminal(stage: Stage) -> Ended:
    ours, theirs = pty.openpty()
    command, pids = hung(stage, output=theirs, terminal=True)
    os.close(theirs)
    os.close(ours)
    return is_over(stage, command, pids)


@INTERRUPTION.row("Ctrl-C while it plans", "it ends at once", code=130, sentence=r"^Interrupted\.$")
def planning(stage: Stage) -> Ended:
    started = stage.folder / "started"
    slow = stage.folder / "slow-python"
    slow.write_text(f"#!/bin/sh\ntouch '{started}'\nexec sleep 60\n")
    slow.chmod(0o755)
    command = stage.start("plan", *stage.select("ok"), f"--python=jax={slow}")
    wait_for(started.exists, command)
    command.send(signal.SIGINT)
    return ended(command)


@INTERRUPTION.row(
    "the run is killed by SIGKILL while a worker trains",
    "the worker does not outlive it; no record; the same call trains",
    code=-9,
    sentence="1 to train",
)
def killed(stage: Stage) -> Ended:
    source = "import os, signal\nprint('pids', os.getpid(), flush=True)\nsignal.pause()\n"

    def look() -> list[int]:
        logs = stage.reports.glob("runs/*/logs/*.log")
        return [pid for log in logs for pid in hung_pids(log.read_text())]

    python = real_worker(stage, source)
    command = stage.start("run", *stage.select("ok"), f"--python=jax={python}")
    pids = wait_for(look, command)
    command.send(signal.SIGKILL)
    done = ended(command)
    assert are_gone(pids) and stage.records() == []
    assert stage.run("ok").code == 0
    return Ended(done.code, "0 stored (not trained again), 1 to train")


@TWO.row(
    "a second run on the machine",
    "it is refused with the first one's name; the first goes on",
    code=3,
    sentence=r"Another timing run is active on this machine \(run .*, process \d+\)",
)
def second(stage: Stage) -> Ended:
    command, pids = hung(stage)
    (stage.log / "second").mkdir()
    done = ended(stage.start("run", *stage.select("ok"), log=stage.log / "second"))
    assert command.runs
    command.send(signal.SIGTERM)
    is_over(stage, command, pids)
    return done


@TWO.row(
    "two runs with a lock each and one store",
    "both complete; every record is there",
    code=0,
    sentence="ok in .* s",
)
def two_locks(stage: Stage) -> Ended:
    commands = []
    for name in ("first", "second"):
        log = stage.log / name
        log.mkdir()
        variables = {"KERAS_BENCH_LOCK": str(stage.folder / name)}
        arguments = [*stage.select("ok"), "--fresh", "--repeats=2"]
        commands.append(stage.start("run", *arguments, log=log, variables=variables))
    ends = [ended(command) for command in commands]
    assert [done.code for done in ends] == [0, 0] and stage.statuses() == ["ok"] * 4
    return ends[0]
