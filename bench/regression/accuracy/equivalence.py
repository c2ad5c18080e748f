"""Do two backends train to the same accuracy? Two one-sided tests over seeds, per pair."""

from collections.abc import Mapping
from itertools import combinations
from math import sqrt
from typing import Literal

import msgspec

from bench.core.headline import VAL_ACCURACY, Unit
from bench.regression.accuracy.verdict import (
    FEWEST_SEEDS,
    SeedAccuracies,
    headline_mismatch,
    margin_of,
    seeds_needed,
)
from bench.regression.verdict import ALPHA, POWER
from bench.stats.hypothesis_tests import Welch, holm, welch


class Equivalence(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one cell and one pair of backends.

    `difference` is the headline metric of the second backend minus that of the first, in the
    metric's own unit; `metric` is its name, `unit` that of the margin, and `margin` the size that
    was judged.
    `low` to `high` is a simultaneous interval: the error rate of each end is ALPHA divided by the
    number of pairs. Holm's step-down is less strict for later pairs, so the interval of an
    equivalent pair may reach beyond the margin. `spread` is the standard deviation between seeds.
    `seeds_needed` is the number of seeds per backend that shows two equal backends to be equivalent
    with probability POWER at that spread.
    """

    name: str
    backends: tuple[str, str]
    verdict: Literal["equivalent", "not shown", "invalid"]
    seeds: tuple[int, int]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    spread: float | None = None
    seeds_needed: int | None = None
    reason: str | None = None
    metric: str = VAL_ACCURACY
    unit: Unit = "points"
    margin: float | None = None


def judge_equivalence(
    cells: Mapping[str, Mapping[str, SeedAccuracies]], margin: float
) -> list[Equivalence]:
    """Return a row per cell and pair of its backends; `cells` holds seeds by cell and backend.

    Two one-sided Welch tests (D. J. Schuirmann, "A comparison of the two one-sided tests procedure
    and the power approach", Journal of Pharmacokinetics and Biopharmaceutics 15, 1987): the
    difference is shown to be above -`margin` and below it (see `margin_of`). All pairs are one
    family, held at ALPHA by Holm's step-down. `not shown` is evidence neither for a difference nor
    for its absence.
    """
    pairs = {
        (name, *pair): (sides[pair[0]], sides[pair[1]])
        for name, sides in cells.items()
        for pair in combinations(sides, 2)
    }
    reasons = {key: _reason(*sides) for key, sides in pairs.items()}
    compared = {
        key: welch(a.accuracies, b.accuracies, (a.rounding_variance(), b.rounding_variance()))
        for key, (a, b) in pairs.items()
        if not reasons[key]
    }
    margins = {key: margin_of(pairs[key][0], margin) for key in compared}
    p_values = {"\0".join(key): _p_value(test, margins[key]) for key, test in compared.items()}
    shown = holm(p_values, len(pairs), ALPHA)
    verdicts: dict[tuple[str, str, str], Literal["equivalent", "not shown"]] = {
        key: "equivalent" if "\0".join(key) in shown else "not shown" for key in compared
    }
    tail = ALPHA / max(len(pairs), 1)
    return [
        _row(key, sides, compared[key], verdicts[key], margins[key], tail)
        if key in compared
        else _invalid(key, sides, reasons[key])
        for key, sides in pairs.items()
    ]


def _reason(a: SeedAccuracies, b: SeedAccuracies) -> str | None:
    fewest = min(len(a.accuracies), len(b.accuracies))
    diverged = (*a.diverged, *b.diverged)
    if a.reason or b.reason:
        return a.reason or b.reason
    if mismatch := headline_mismatch(a, b):
        return mismatch
    if diverged:
        return f"seed {diverged[0]} diverged"
    return None if fewest >= FEWEST_SEEDS else f"it has {fewest} seeds; {FEWEST_SEEDS} are needed"


def _p_value(test: Welch, margin: float) -> float:
    """Return the larger p value of the two tests."""
    mirrored = msgspec.structs.replace(test, difference=-test.difference)
    return max(test.p_below(-margin), mirrored.p_below(-margin))


def _invalid(
    key: tuple[str, str, str], sides: tuple[SeedAccuracies, SeedAccuracies], reason: str | None
) -> Equivalence:
    name, first, second = key
    counts = (len(sides[0].accuracies), len(sides[1].accuracies))
    pair = (first, second)
    headline = sides[0].headline
    return Equivalence(
        name=name,
        backends=pair,
        verdict="invalid",
        seeds=counts,
        reason=reason,
        metric=headline.metric,
        unit=headline.unit,
    )


def _row(
    key: tuple[str, str, str],
    sides: tuple[SeedAccuracies, SeedAccuracies],
    test: Welch,
    verdict: Literal["equivalent", "not shown"],
    margin: float,
    tail: float,
) -> Equivalence:
    from scipy.stats import t

    name, first, second = key
    counts = (len(sides[0].accuracies), len(sides[1].accuracies))
    half = float(t.isf(tail, test.degrees)) * test.error
    spread = test.error / sqrt(sum(1 / count for count in counts))
    return Equivalence(
        name=name,
        backends=(first, second),
        verdict=verdict,
        seeds=counts,
        difference=test.difference,
        low=test.difference - half,
        high=test.difference + half,
        spread=spread,
        # Both tests must succeed, so each may use half of the allowed miss rate.
        seeds_needed=seeds_needed(spread, margin, tail, (1 - POWER) / 2) if margin else None,
        metric=sides[0].headline.metric,
        unit=sides[0].headline.unit,
        margin=margin,
    )
