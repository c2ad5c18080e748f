"""What makes pairs no measurement at all, whatever their numbers say."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from bench.regression.estimators import CLOCKS
from bench.regression.messages import Identity, Slice
from bench.regression.pair import Pair, SideReport, SlicePair

#: Turns of a pair: so many slices of each side.
SLICES: Final = 24
#: A side that waits for its turn may use so much of a core; the other side needs it.
IDLE_LIMIT: Final = 0.05
#: What a side times is most of its turn: the rest is two steps, the end of an epoch and the pipes.
#: It can never be more than the turn, but for the grain of the clocks.
LEAST_TIMED: Final = 0.25
CLOCK_GRAIN_SECONDS: Final = 0.005


def invalid_reason(pairs: Sequence[Pair], baseline: Identity, candidate: Identity) -> str | None:
    """Return in a phrase why the pairs of a contest are no measurement, None when they are.

    `baseline` and `candidate` are who the two sides of every pair must be.
    """
    numbers = [pair.number for pair in pairs]
    if numbers != list(range(len(pairs))):
        return f"its pairs are numbered {', '.join(map(str, numbers))}: some are missing or double"
    for pair in pairs:
        found = (
            pair.reason
            or identity_mismatch("baseline", pair.baseline, baseline)
            or identity_mismatch("candidate", pair.candidate, candidate)
            or _unsound_pair(pair)
            or _changed_settings(pairs[0], pair)
        )
        if found:
            return f"pair {pair.number}: {found}"
    return None


def identity_mismatch(name: str, member: SideReport | None, wanted: Identity) -> str | None:
    """Return in a phrase why the side `name` is not the one that was wanted, None when it is."""
    if member is None:
        return f"the {name} did not say who it is"
    for field in wanted.__struct_fields__:
        found, right = getattr(member.identity, field), getattr(wanted, field)
        if found != right:
            return f"the {name} is not the side that was named: {_differs(field, right, found)}"
    return None


def _unsound_pair(pair: Pair) -> str | None:
    if len(pair.slices) != SLICES:
        return f"it has {len(pair.slices)} slices and must have {SLICES}"
    sides = {
        "baseline": [(turn.baseline, turn.baseline_round_trip) for turn in pair.slices],
        "candidate": [(turn.candidate, turn.candidate_round_trip) for turn in pair.slices],
    }
    for name, turns in sides.items():
        found = _unsound_clock(turns)
        if found:
            return f"the {name}'s {found}"
    mixed_work = next((t for t in pair.slices if t.baseline.steps != t.candidate.steps), None)
    return _mixed_work_reason(mixed_work) if mixed_work else None


def _unsound_clock(turns: Sequence[tuple[Slice, float]]) -> str | None:
    slices = [found for found, _ in turns]
    for clock in CLOCKS:
        seconds = [found.seconds(clock) for found in slices]
        wrong = next((value for value in seconds if not (isfinite(value) and value > 0)), None)
        if wrong is not None:
            return f"{clock} clock gave {wrong} s for a slice"
        if len(set(seconds)) == 1:
            return f"{clock} clock gave the same {seconds[0]} s for every slice: it stands still"
    for found, round_trip in turns:
        if found.wall_seconds > round_trip + CLOCK_GRAIN_SECONDS:
            return f"wall clock gave {found.wall_seconds} s in a turn of {round_trip} s"
    timed = sum(found.wall_seconds for found in slices) / sum(trip for _, trip in turns)
    if not timed >= LEAST_TIMED:
        return f"slices are {timed:.0%} of its turns; at least {LEAST_TIMED:.0%} must be timed"
    waited = sum(found.idle_seconds for found in slices)
    idle = sum(found.idle_cpu_seconds for found in slices) / waited if waited > 0 else float("inf")
    if not idle <= IDLE_LIMIT:
        return (
            f"process used {idle:.0%} of a core while it waited for its turns; at most "
            f"{IDLE_LIMIT:.0%} is allowed (a spinning thread pool?)"
        )
    return None


def _mixed_work_reason(turn: SlicePair) -> str:
    return (
        f"the baseline's slices have {turn.baseline.steps} steps and the candidate's "
        f"{turn.candidate.steps}"
    )


def _changed_settings(first: Pair, pair: Pair) -> str | None:
    """Return what a side of a later pair resolved otherwise than that of the first one."""
    for name in ("baseline", "candidate"):
        before, now = getattr(first, name).settings, getattr(pair, name).settings
        if before != now:
            return f"the {name} changed: {_differs('its settings', before, now)}"
    return None


def _differs(name: str, right: object, found: object) -> str:
    """Return how two values differ; of mappings only the entries that do."""
    if isinstance(right, dict) and isinstance(found, dict):
        keys = sorted(
            key for key in right.keys() | found.keys() if right.get(key) != found.get(key)
        )
        right, found = ({key: side.get(key) for key in keys} for side in (right, found))
    return f"{name} must be {right!r} and is {found!r}"
