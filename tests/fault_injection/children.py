"""Faults of children: what a worker of any kind starts, and what outlives it."""

import os
import signal
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from tests.fault_injection.planted import plant_python
from tests.fault_injection.row import Family, Inject
from tests.fault_injection.stage import Ended, Stage, ended, wait_for
from tests.fixtures.fake_python import are_gone, hung_pids, make_workload
from tests.fixtures.steps import TINY

CHILDREN = Family("children")

#: A command line that makes a starter of children run a fake that does a mode of `fake_child`.
CommandLine = Callable[[Stage, str], list[str]]

_KINDS = (("orphan", "in its group"), ("daemon", "in a session of its own"))
_FAKE_OVERHEAD = Path(__file__).parents[1] / "fixtures" / "fake_overhead.py"
_FUNCTION = """
    import os, signal, sys
    import numpy as np

    sys.path.insert(0, {fixtures!r})
    from fake_child import leave_child

    def make():
        log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        sys.stdout = os.fdopen(log, "w")
        leave_child({mode!r})
        return np.arange(10), np.arange(10) % 2
"""


def gate(stage: Stage, mode: str) -> list[str]:
    """Return a gate of one tiny cell, both sides of which do the mode."""
    sides = [f"--{side}=python={stage.python},env.XLA_FAKE={mode}" for side in _SIDES]
    return ["gate", *sides, f"--dataset={TINY}", "--backend=jax"]


_SIDES = ("baseline", "candidate")


def certify(stage: Stage, mode: str) -> list[str]:
    """Return the certificate of one workload on two backends."""
    pythons = [f"--python={backend}={stage.python}" for backend in _TWO]
    backends = [f"--backend={backend}" for backend in _TWO]
    return [
        *("certify", make_workload(stage.folder, mode), f"--dataset={TINY}"),
        *("--batch-size=4", *backends, *pythons),
    ]


_TWO = ("jax", "torch")


def layers(stage: Stage, mode: str) -> list[str]:
    """Return a measurement of the layers of one workload on one backend, in one round."""
    workload = make_workload(stage.folder, mode)
    tiny = [f"--dataset={TINY}", "--batch-size=4", "--rounds=1", "--backend=jax"]
    return ["profile-layers", workload, *tiny, f"--python=jax={stage.python}"]


def overhead(stage: Stage, mode: str) -> list[str]:
    """Return a measurement of what the harness costs, of a few pairs on one backend."""
    fake = f'exec "{sys.executable}" -I -S "{_FAKE_OVERHEAD}" {mode} "$@"'
    python = plant_python(stage, fake)
    return [
        "validation.overhead",
        "--backend=jax",
        f"--python=jax={python}",
        "--pairs=2",
        "--launches=2",
    ]


def function(stage: Stage, mode: str) -> list[str]:
    """Return a plan whose dataset is a function; its child holds its standard output and error."""
    path = stage.folder / "own.py"
    log, fixtures = stage.folder / "function.log", _FAKE_OVERHEAD.parent
    body = _FUNCTION.format(fixtures=str(fixtures), log=str(log), mode=mode)
    path.write_text(textwrap.dedent(body))
    return ["plan", *stage.select("ok"), f"--dataset={path}:make"]


def left_pids(stage: Stage) -> list[int]:
    """Return the ids of all fakes and of their children, which the logs hold."""
    logs = [*stage.reports.glob("**/*.log"), *stage.folder.glob("*.log")]
    return [pid for log in logs for pid in hung_pids(log.read_text())]


def check_gone(stage: Stage) -> None:
    """Kill what has not ended; AssertionError where there was any, or no fake left a child."""
    pids = left_pids(stage)
    gone = are_gone(pids, 2.0)
    for pid in [] if gone else [pid for pid in pids if not are_gone([pid], 0)]:
        os.kill(pid, signal.SIGKILL)
    assert gone and pids, pids


def leaves(command_line: CommandLine, mode: str) -> Inject:
    """Return how a command ends whose fakes each leave a child."""

    def inject(stage: Stage) -> Ended:
        try:
            return stage.call(*command_line(stage, mode))
        finally:
            check_gone(stage)

    return inject


def interrupts(command_line: CommandLine) -> Inject:
    """Return how a command ends at Ctrl-C, while its fake and a daemon of it hang."""

    def inject(stage: Stage) -> Ended:
        command = stage.start(*command_line(stage, "daemon_hang"))
        try:
            wait_for(lambda: left_pids(stage), command)
            command.send(signal.SIGINT)
            return ended(command)
        finally:
            check_gone(stage)

    return inject


for _line, _starter, _mode, _code, _sentence, _rest in (
    (gate, "both sides of a gate", "{}_trouble", 12, "FAILED after .*", "the pair fails"),
    (gate, "a side of a gate that dies", "{}_die", 12, "FAILED after .*", "the pair fails at once"),
    (certify, "a certifying worker", "{}", 0, "certified", "its dump counts"),
    (layers, "a worker that times layers", "{}", 0, "timed in .* s", "its times count"),
    (overhead, "a process whose overhead is measured", "{}", 0, "measured in .* s", "it counts"),
    (function, "a dataset function", "{}", 0, "0 stored .*, 1 to train", "its arrays count"),
):
    for _kind, _place in _KINDS:
        CHILDREN.add(
            f"{_line.__name__}_{_mode.format(_kind)}",
            f"{_starter}: a child {_place} outlives it",
            f"the child is killed; {_rest}",
            code=_code,
            sentence=_sentence,
            inject=leaves(_line, _mode.format(_kind)),
        )

for _line, _starter in (
    (gate, "a side of a gate"),
    (certify, "a certifying worker"),
    (layers, "a worker that times layers"),
    (overhead, "a process whose overhead is measured"),
    (function, "a dataset function"),
):
    CHILDREN.add(
        f"{_line.__name__}_ctrl_c",
        f"Ctrl-C while {_starter} and its child in a session of its own hang",
        "both are killed",
        code=130,
        sentence=r"Interrupted\.",
        inject=interrupts(_line),
    )


def times_out(kind: str) -> Inject:
    """Return how a plan ends whose dataset function hangs, with a child."""

    def inject(stage: Stage) -> Ended:
        try:
            return stage.call(*function(stage, f"{kind}_hang"), "--timeout=3")
        finally:
            check_gone(stage)

    return inject


for _kind, _place in _KINDS:
    CHILDREN.add(
        f"function_hangs_{_kind}",
        f"a dataset function hangs, and its child {_place} holds its output",
        "both are killed at the timeout; the cell is blocked with the reason",
        code=2,
        sentence="own.py:make returned no dataset within the timeout of 3 s and was killed; .*",
        inject=times_out(_kind),
    )
