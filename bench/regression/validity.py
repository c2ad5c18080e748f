"""Reasons why pairs are invalid measurements, independent of their ratios."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from bench.regression.estimators import CLOCKS
from bench.regression.messages import Identity, Slice
from bench.regression.pair import Pair, SideReport, SlicePair

#: The number of slices of each side in a pair.
SLICES: Final = 24
#: The fraction of a core that a waiting side may use, because the other side needs it.
IDLE_LIMIT: Final = 0.05
#: The minimum timed fraction of the round trips; the rest is two steps, the end of an epoch and the
#: pipes. A slice can exceed its round trip only by the grain of the clocks.
LEAST_TIMED: Final = 0.25
CLOCK_GRAIN_SECONDS: Final = 0.005


def invalid_reason(pairs: Sequence[Pair], baseline: Identity, candidate: Identity) -> str | None:
    """Return, as a phrase, why the pairs of a comparison are invalid, or None if they are valid.

    `baseline` and `candidate` are the identities that the two sides of every pair must have.
    """
    numbers = [pair.number for pair in pairs]
    if numbers != list(range(len(pairs))):
        return f"pairs are missing or duplicated: their numbers are {', '.join(map(str, numbers))}"
    for pair in pairs:
        reason = (
            pair.reason
            or identity_mismatch("baseline", pair.baseline, baseline)
            or identity_mismatch("candidate", pair.candidate, candidate)
            or _invalid_pair(pair)
            or _changed_settings(pairs[0], pair)
        )
        if reason:
            return f"pair {pair.number}: {reason}"
    return None


def identity_mismatch(name: str, report: SideReport | None, expected: Identity) -> str | None:
    """Return, as a phrase, how the side `name` differs from `expected`, or None if it does not."""
    if report is None:
        return f"the {name} did not report its identity"
    for field in expected.__struct_fields__:
        reported, required = getattr(report.identity, field), getattr(expected, field)
        if reported != required:
            return f"the {name} is not the requested side: {_differs(field, required, reported)}"
    return None


def _invalid_pair(pair: Pair) -> str | None:
    if len(pair.slices) != SLICES:
        return f"it has {len(pair.slices)} slices instead of {SLICES}"
    sides = {
        "baseline": [(each.baseline, each.baseline_round_trip) for each in pair.slices],
        "candidate": [(each.candidate, each.candidate_round_trip) for each in pair.slices],
    }
    for name, timed in sides.items():
        reason = _invalid_clock(timed)
        if reason:
            return f"the {name}'s {reason}"
    mixed_work = next((s for s in pair.slices if s.baseline.steps != s.candidate.steps), None)
    return _mixed_work_reason(mixed_work) if mixed_work else None


def _invalid_clock(timed: Sequence[tuple[Slice, float]]) -> str | None:
    slices = [each for each, _ in timed]
    for clock in CLOCKS:
        seconds = [each.seconds(clock) for each in slices]
        wrong = next((value for value in seconds if not (isfinite(value) and value > 0)), None)
        if wrong is not None:
            return f"{clock} clock gave {wrong} s for a slice"
        if len(set(seconds)) == 1:
            return f"{clock} clock gave the same {seconds[0]} s for every slice, so it has stopped"
    for each, round_trip in timed:
        if each.wall_seconds > round_trip + CLOCK_GRAIN_SECONDS:
            return f"wall clock gave {each.wall_seconds} s for a round trip of {round_trip} s"
    share = sum(each.wall_seconds for each in slices) / sum(trip for _, trip in timed)
    if not share >= LEAST_TIMED:
        return f"slices are {share:.0%} of its round trips; at least {LEAST_TIMED:.0%} is required"
    waited = sum(each.idle_seconds for each in slices)
    idle = sum(each.idle_cpu_seconds for each in slices) / waited if waited > 0 else float("inf")
    if not idle <= IDLE_LIMIT:
        return (
            f"process used {idle:.0%} of a core while it waited for requests; at most "
            f"{IDLE_LIMIT:.0%} is allowed (a spinning thread pool?)"
        )
    return None


def _mixed_work_reason(mixed: SlicePair) -> str:
    return (
        f"the baseline's slices have {mixed.baseline.steps} steps but the candidate's have "
        f"{mixed.candidate.steps}"
    )


def _changed_settings(first: Pair, pair: Pair) -> str | None:
    """Return which settings of a later pair differ from those of the first one, or None."""
    for name in ("baseline", "candidate"):
        before, now = getattr(first, name).settings, getattr(pair, name).settings
        if before != now:
            return f"the {name} changed: {_differs('its settings', before, now)}"
    return None


def _differs(name: str, expected: object, actual: object) -> str:
    """Return how two values differ; for mappings, only the entries that differ."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        keys = sorted(
            key for key in expected.keys() | actual.keys() if expected.get(key) != actual.get(key)
        )
        expected, actual = ({key: side.get(key) for key in keys} for side in (expected, actual))
    return f"{name} must be {expected!r}, not {actual!r}"
