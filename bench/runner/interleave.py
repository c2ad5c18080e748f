"""The order of a race's launches, round by round."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from bench.core.atomic_file import sync_folder
from bench.core.record import RacePlace, Record, file_name
from bench.runner.plan import PlannedLaunch
from bench.storage.store import log_path


def interleaved_launches(contenders: Sequence[PlannedLaunch], rounds: int) -> list[PlannedLaunch]:
    """Return the steps of a race: `rounds` fresh launches of each contender.

    Contenders that share a row of the comparison alternate in rounds A B C, C B A, …; the race of
    one row ends before that of the next begins. A blocked contender is kept once, to be reported.
    """
    rows: dict[object, list[PlannedLaunch]] = {}
    for contender in contenders:
        rows.setdefault(contender.cell.comparison_key, []).append(contender)
    steps = [contender for contender in contenders if contender.action == "blocked"]
    for row in rows.values():
        ready = [contender for contender in row if contender.action == "run"]
        for number in range(rounds):
            steps += _round(ready, number)
    return steps


def _round(contenders: Sequence[PlannedLaunch], number: int) -> list[PlannedLaunch]:
    order = contenders if number % 2 == 0 else reversed(contenders)
    return [
        msgspec.structs.replace(
            step, repetition=number, race=RacePlace(round=number, position=position)
        )
        for position, step in enumerate(order)
    ]


#: The folder of records whose launches are repeated. Nothing recorded is lost; no report reads it.
SUPERSEDED: Final = "superseded"


def keep_complete_rounds(
    steps: Sequence[PlannedLaunch], records: Sequence[Record]
) -> list[PlannedLaunch]:
    """Return the steps of a race, with those of complete rounds as `stored`.

    A round of one row of the comparison is complete when each of its launches has a record, failed
    or not. An incomplete round is repeated as a whole, because its launches would otherwise be
    compared with launches at another time of day.
    """
    recorded = {record.key: record for record in records if record.race is not None}
    incomplete = {
        _row_and_round(step) for step in steps if step.race and _key(step) not in recorded
    }
    return [
        step
        if step.race is None or _row_and_round(step) in incomplete
        else replace(step, action="stored", why=_why(recorded[_key(step)]))
        for step in steps
    ]


def in_session(steps: Sequence[PlannedLaunch], number: int) -> list[PlannedLaunch]:
    """Return the steps; those to run get the session with this number."""
    return [
        replace(step, race=replace(step.race, session=number))
        if step.action == "run" and step.race
        else step
        for step in steps
    ]


def supersede(folder: Path, steps: Sequence[PlannedLaunch], session: int) -> int:
    """Move existing records and logs of the steps to run away; return the number of records.

    They go to `superseded/session-N`, where N is the number of the session that repeats them.
    Raises OSError if they cannot be moved.
    """
    target = folder / SUPERSEDED / f"session-{session}"
    to_run = [step for step in steps if step.action == "run"]
    records = [folder / "records" / file_name(s.cell, s.repetition, s.digest) for s in to_run]
    _move([log_path(folder, s.cell, s.repetition) for s in to_run], target / "logs")
    return _move(records, target / "records")


def _move(paths: Sequence[Path], target: Path) -> int:
    existing = [path for path in dict.fromkeys(paths) if path.exists()]
    for path in existing:
        target.mkdir(parents=True, exist_ok=True)
        path.replace(target / path.name)
    for folder in {path.parent for path in existing} | ({target} if existing else set()):
        sync_folder(folder)
    return len(existing)


def _row_and_round(step: PlannedLaunch) -> tuple[object, int]:
    return step.cell.comparison_key, step.race.round if step.race else -1


def _key(step: PlannedLaunch) -> tuple[str, int]:
    return step.digest, step.repetition


def _why(record: Record) -> str:
    session = (record.race or RacePlace(round=0, position=0)).session
    return f"kept from session {session + 1}"
