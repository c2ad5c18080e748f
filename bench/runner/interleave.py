"""Races: what is compared runs in rounds of alternating order, so that drift meets all alike."""

from collections.abc import Sequence

import msgspec

from bench.core.record import RacePlace
from bench.runner.plan import Step


def race_steps(contenders: Sequence[Step], rounds: int) -> list[Step]:
    """Return the steps of a race: `rounds` fresh launches of each contender.

    Contenders that share a row of the comparison meet in rounds A B C, C B A, …; the race of one
    row ends before that of the next begins. A blocked contender stays once, to be told of.
    """
    rows: dict[object, list[Step]] = {}
    for contender in contenders:
        rows.setdefault(contender.cell.comparison_key, []).append(contender)
    steps = [contender for contender in contenders if contender.action == "blocked"]
    for row in rows.values():
        ready = [contender for contender in row if contender.action == "run"]
        for number in range(rounds):
            steps += _round(ready, number)
    return steps


def _round(contenders: Sequence[Step], number: int) -> list[Step]:
    order = contenders if number % 2 == 0 else reversed(contenders)
    return [
        msgspec.structs.replace(
            step, repetition=number, race=RacePlace(round=number, position=position)
        )
        for position, step in enumerate(order)
    ]
