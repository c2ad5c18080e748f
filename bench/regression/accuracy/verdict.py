"""Is the candidate's headline metric worse? A comparison of both sides' seeds, per cell."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from math import sqrt
from statistics import fmean
from typing import Any, Final, Literal

import msgspec

from bench.core.headline import VAL_ACCURACY, Headline, Unit
from bench.regression.verdict import ALPHA, POWER, VerdictKind
from bench.stats.hypothesis_tests import Welch, holm, welch

FEWEST_SEEDS: Final = 2
_MOST_SEEDS: Final = 10_000
#: The relative step of a float32, in which a framework logs a metric.
_FLOAT32: Final = 2**-23


class SeedAccuracies(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a cell: the final headline metric of each seed, in the seeds' order.

    `accuracies` are the values of `headline`, by default val_accuracy, 0 to 1. `reason` is a phrase
    that explains why the side is invalid, or None. `diverged` lists the seeds whose loss became
    non-finite. `images` is the number of validation images, None if unknown.
    """

    accuracies: tuple[float, ...]
    images: int | None
    diverged: tuple[int, ...] = ()
    reason: str | None = None
    headline: Headline = Headline(VAL_ACCURACY, "max")

    @property
    def oriented(self) -> tuple[float, ...]:
        """The values times 1 or -1, so that a larger one is better."""
        return tuple(self.headline.sign * value for value in self.accuracies)

    def rounding_variance(self) -> float:
        """Return the lower limit of the variance: that of rounding to one image, or to float32."""
        step = _FLOAT32 * max(map(abs, self.accuracies), default=0.0)
        if self.headline.unit == "points" and self.images is not None:
            step = 1 / self.images
        return step**2 / 12


def headline_mismatch(a: SeedAccuracies, b: SeedAccuracies) -> str | None:
    """Return, as a phrase, that two sides are judged by different metrics, or None."""
    if a.headline == b.headline:
        return None
    texts = (f"{side.headline.metric} ({side.headline.mode})" for side in (a, b))
    return "its sides are judged by different metrics: {} and {}".format(*texts)


def margin_of(side: SeedAccuracies, margin: float) -> float:
    """Return a margin in the metric's own unit: it is a part of 1, else of the mean's size."""
    if side.headline.unit == "points" or not side.accuracies:
        return margin
    return margin * abs(fmean(side.accuracies))


class AccuracyVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one cell; `difference` is candidate - baseline, in the metric's own unit.

    `metric`, `mode` and `unit` describe the headline metric. `margin` is the size that was judged.
    `seeds_needed` is the number of seeds per side at which an equal candidate would pass with
    probability POWER, given the measured spread.
    """

    name: str
    verdict: VerdictKind
    seeds: tuple[int, int]
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    confidence: float | None = None
    spread: float | None = None
    seeds_needed: int | None = None
    reason: str | None = None
    metric: str = VAL_ACCURACY
    mode: Literal["max", "min"] = "max"
    unit: Unit = "points"
    margin: float | None = None


def judge_accuracy(
    cells: Mapping[str, tuple[SeedAccuracies, SeedAccuracies]], margin: float
) -> dict[str, AccuracyVerdict]:
    """Return a verdict per cell from its baseline's and its candidate's seeds.

    `margin` is a part of 1 for a metric whose unit is points, and else a part of the size of the
    baseline's mean, which counts as known. One-sided Welch t tests of the headline metric, each
    family at ALPHA over all cells by Holm:

    - `improved`: the candidate's mean is better than the baseline's.
    - `pass`: the candidate's mean is better than the baseline's worsened by `margin`
      (non-inferiority).
    - `regressed`: the candidate's mean is worse than the baseline's and was not shown to be within
      the margin, or a candidate's seed diverged.
    - else `inconclusive`; `invalid` if a side has a `reason`, a baseline's seed diverged, or the
      sides are judged by different metrics.
    """
    verdicts = {}
    compared: dict[str, Welch] = {}
    for name, sides in cells.items():
        early = _without_statistics(name, sides)
        if early is None:
            compared[name] = _compare(*sides)
        else:
            verdicts[name] = early
    better = holm({n: w.p_below(0.0) for n, w in compared.items()}, len(cells), ALPHA)
    margins = {name: margin_of(cells[name][0], margin) for name in compared}
    within = holm({n: w.p_below(-margins[n]) for n, w in compared.items()}, len(cells), ALPHA)
    worse = holm({n: 1 - w.p_below(0.0) for n, w in compared.items()}, len(cells), ALPHA)
    for name, test in compared.items():
        verdict: VerdictKind = "inconclusive"
        if name in better:
            verdict = "improved"
        elif name in within:
            verdict = "pass"
        elif name in worse:
            verdict = "regressed"
        verdicts[name] = _verdict(name, verdict, cells[name], test, margins[name], len(cells))
    return {name: verdicts[name] for name in cells}


def _without_statistics(
    name: str, sides: tuple[SeedAccuracies, SeedAccuracies]
) -> AccuracyVerdict | None:
    """Return the verdict of a cell that needs no statistics, else None."""
    baseline, candidate = sides
    seeds = (len(baseline.accuracies), len(candidate.accuracies))
    reason = baseline.reason or candidate.reason or headline_mismatch(baseline, candidate)
    verdict: VerdictKind = "invalid"
    if not reason and baseline.diverged:
        reason = f"the baseline diverged with seed {_listed(baseline.diverged)}"
    elif not reason and candidate.diverged:
        verdict, reason = (
            "regressed",
            f"the candidate diverged with seed {_listed(candidate.diverged)}",
        )
    elif not reason and min(seeds) < FEWEST_SEEDS:
        reason = f"a side has {min(seeds)} seeds; at least {FEWEST_SEEDS} are needed"
    if not reason:
        return None
    facts = _headline_facts(baseline.headline)
    return AccuracyVerdict(name=name, verdict=verdict, seeds=seeds, reason=reason, **facts)


def _compare(baseline: SeedAccuracies, candidate: SeedAccuracies) -> Welch:
    """Return the test of the oriented values; each variance is at least that of rounding."""
    rounding = (baseline.rounding_variance(), candidate.rounding_variance())
    return welch(baseline.oriented, candidate.oriented, rounding)


def _headline_facts(headline: Headline) -> dict[str, Any]:
    return {"metric": headline.metric, "mode": headline.mode, "unit": headline.unit}


def _verdict(
    name: str,
    verdict: VerdictKind,
    sides: tuple[SeedAccuracies, SeedAccuracies],
    test: Welch,
    margin: float,
    cells: int,
) -> AccuracyVerdict:
    from scipy.stats import t

    tail = ALPHA / cells
    half = float(t.isf(tail, test.degrees)) * test.error
    counts = (len(sides[0].accuracies), len(sides[1].accuracies))
    spread = test.error / sqrt(sum(1 / count for count in counts))
    headline = sides[0].headline
    difference = headline.sign * test.difference
    return AccuracyVerdict(
        name=name,
        verdict=verdict,
        seeds=counts,
        difference=difference,
        low=difference - half,
        high=difference + half,
        confidence=1 - 2 * tail,
        spread=spread,
        seeds_needed=seeds_needed(spread, margin, tail) if margin else None,
        margin=margin,
        **_headline_facts(headline),
    )


def seeds_needed(
    spread: float, margin: float, tail: float, missed: float = 1 - POWER
) -> int | None:
    """Return the seeds per side at which an equal candidate fails to pass with rate `missed`.

    `spread` is the standard deviation between seeds, `tail` the allowed one-sided error rate. The
    result is the smallest n with n >= 2 (spread / margin)^2 (t[tail] + t[missed])^2 at 2 n - 2
    degrees of freedom; None if it is above 10,000.
    """
    from scipy.stats import t

    def is_enough(seeds: int) -> bool:
        degrees = 2 * seeds - 2
        quantiles = float(t.isf(tail, degrees) + t.isf(missed, degrees))
        return seeds >= 2 * (spread / margin * quantiles) ** 2

    counts = range(FEWEST_SEEDS, _MOST_SEEDS + 1)
    index = bisect_left(counts, True, key=is_enough)
    return counts[index] if index < len(counts) else None


def _listed(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))
