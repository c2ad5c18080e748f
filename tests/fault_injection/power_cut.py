"""A power cut, as far as a process can see one: SIGKILL at any moment, again and again."""

import random
import select
import signal
from pathlib import Path

from bench.storage.store import Store
from tests.fault_injection.row import Family
from tests.fault_injection.stage import Ended, Stage, ended, wait_for
from tests.fault_injection.starter import Command

POWER_CUT = Family("power cut")

_MUST = "every record that was told as ok is there and whole; nothing half-written is read"
#: A store as full as this gets a fresh one beside it: each call reads all of its records.
_KILLS_PER_STORE = 50
#: In seconds: as long as a few launches take, or one and the writing of its reports.
_LONGEST_DELAY = 0.8


def kill_often(stage: Stage, kills: int) -> Ended:
    """Kill `kills` runs at random moments; return how the last ended, and the counts in words."""
    draw, told, killed = random.Random(kills), 0, 0
    reports, known = stage.reports, dict[Path, bytes]()
    done = Ended(0, "")
    while killed < kills:
        store = stage.folder / f"reports-{killed // _KILLS_PER_STORE}"
        if store != reports:
            reports, known = store, {}
        done = _kill_once(stage, reports, draw)
        told += _check(reports, known, done.text)
        killed += done.code == -signal.SIGKILL  # now and then a run is over before
    assert told > kills / 4  # it is no test of a store that nothing is written to
    words = f"{kills} kills, 0 records lost or half-written"
    (stage.folder / "counts.txt").write_text(f"{words}: {told} were told as stored\n")
    return Ended(done.code, words)


def _kill_once(stage: Stage, reports: Path, draw: random.Random) -> Ended:
    """Kill a run of one launch or of many: while it plans, launches, stores or reports."""
    repeats = f"--repeats={draw.choice((1, 100, 100))}"
    command = stage.start(
        *("run", *stage.select("ok"), "--fresh", repeats, f"--reports={reports}"),
        variables={"TMPDIR": str(stage.log)},  # a killed launch leaves its folder behind
    )
    if draw.random() < 0.8:
        wait_for(lambda: ": started" in command.out, command)
    _run_on(command, draw.uniform(0, _LONGEST_DELAY))
    command.send(signal.SIGKILL)
    return ended(command)


def _run_on(command: Command, seconds: float) -> None:
    select.select([command], [], [], seconds)


def _check(reports: Path, known: dict[Path, bytes], text: str) -> int:
    """Return how many records the killed run told of; all of them, and all of `known`, are there.

    `known` gets the new ones.
    """
    store = Store(reports)
    store.load_all()
    assert store.skipped == []
    found = {path: path.read_bytes() for path in reports.glob("runs/*/records/*.json")}
    assert known.items() <= found.items()
    told = text.count(": ok in")
    assert 0 <= len(found) - len(known) - told <= 1, "stored and not told, at most the last"
    known |= found
    return told


@POWER_CUT.row(
    "SIGKILL at 25 random moments",
    _MUST,
    code=-9,
    sentence="25 kills, 0 records lost or half-written",
    warm=True,
)
def kills_25(stage: Stage) -> Ended:
    return kill_often(stage, 25)


@POWER_CUT.row(
    "SIGKILL at 1,000 random moments",
    _MUST,
    code=-9,
    sentence="1000 kills, 0 records lost or half-written",
    warm=True,
)
def kills_1000(stage: Stage) -> Ended:
    return kill_often(stage, 1_000)
