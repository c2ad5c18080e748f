"""From lock-step pairs to a verdict per cell: pure statistics, with every rule in a docstring."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import exp, log1p
from statistics import stdev
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import msgspec

from bench.core.text import BenchError
from bench.regression.estimators import CLOCKS, Mean, Means, Priors, log_ratios, means_of
from bench.regression.messages import Clock
from bench.regression.pair import Pair
from bench.stats.holm import holm

VerdictKind = Literal["regressed", "improved", "pass", "inconclusive", "invalid"]

#: After so many pairs a cell is looked at; each look spends the same part of ALPHA.
INTERIM_LOOKS: Final = (5, 10, 20)
ALPHA: Final = 0.05
#: The power at which the minimum detectable effect is told.
POWER: Final = 0.8


class Margins(NamedTuple):
    """Added fractions of the time: noise up to the first, a failure from the second on."""

    noise_threshold: float = 0.02
    fail_threshold: float = 0.05


class MarginError(BenchError, ValueError):
    """The noise threshold is not below the fail threshold."""


def check_margins(margins: Margins) -> None:
    """Raise MarginError unless something lies between the margins."""
    if not margins.noise_threshold < margins.fail_threshold:
        raise MarginError(
            f"The noise threshold ({100 * margins.noise_threshold:g}%) must be below the fail "
            f"threshold ({100 * margins.fail_threshold:g}%)."
        )


class RatioEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's time over the baseline's on one clock, with its interval at `confidence`.

    `spread` is the standard deviation of the pairs' log ratios, `error` the standard error of their
    mean after moderation, at so many `degrees` of freedom.
    """

    clock: Clock
    ratio: float
    low: float
    high: float
    confidence: float
    spread: float
    error: float
    degrees: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the pairs of one cell say.

    `detectable` is the smallest added part of the time that so many pairs of this spread would
    find with probability POWER; None where nothing could be estimated. `reason` says why a cell
    is `invalid`.
    """

    cell_id: str
    verdict: VerdictKind
    pairs: int
    estimates: tuple[RatioEstimate, ...] = ()
    detectable: float | None = None
    reason: str | None = None


class StatisticsMissingError(BenchError):
    """SciPy, which the gate's statistics need, is not installed in this environment."""


def check_statistics() -> None:
    """Raise StatisticsMissingError unless verdicts can be computed here."""
    if find_spec("scipy") is None:
        raise StatisticsMissingError(
            "The gate needs SciPy, which is not installed here: use `tox -e gate -- …`."
        )


def judge_look(
    cells: Mapping[str, Sequence[Pair]],
    expected: int,
    margins: Margins,
    looks: int,
    priors: Priors = MappingProxyType({}),
) -> dict[str, Verdict]:
    """Return a verdict per undecided cell that was measured up to this look.

    The processes of one program differ for their whole life, so the pair is the sample: per clock
    a one-sided t test of the pairs' log ratios against each margin, with a variance that `priors`
    moderate.

    Each family of tests is held at ALPHA over all `expected` cells and `looks` looks: ALPHA /
    `looks` is spent at each (Bonferroni), and Holm's step-down divides it among the cells. Cells
    that are decided, invalid or missing keep their place in Holm's count.
    """
    level = ALPHA / looks
    means = {cell_id: means_of(pairs, priors) for cell_id, pairs in cells.items()}
    verdicts = decide(means, expected, margins, level)
    tail = level / expected / 2
    return {
        cell_id: verdict_of(
            cell_id,
            verdicts[cell_id],
            means[cell_id],
            {clock: log_ratios(pairs, clock) for clock in CLOCKS},
            margins,
            tail,
        )
        for cell_id, pairs in cells.items()
    }


def verdict_of(
    name: str,
    verdict: VerdictKind,
    means: Means,
    samples: Mapping[Clock, Sequence[float]],
    margins: Margins,
    tail: float,
) -> Verdict:
    """Return a verdict with its estimates, whose intervals leave out `tail` at each end.

    `samples` are the log ratios of the pairs, of which the spread is told.
    """
    return Verdict(
        cell_id=name,
        verdict=verdict,
        pairs=len(samples["wall"]),
        estimates=tuple(
            _estimate(clock, means[clock], stdev(samples[clock]), tail) for clock in CLOCKS
        ),
        detectable=_detectable(means["wall"], margins, tail),
    )


def decide(
    means: Mapping[str, Means], expected: int, margins: Margins, level: float
) -> dict[str, VerdictKind]:
    """Return what each name's means say, each family of tests held at `level` by Holm.

    - `regressed`: on one of the clocks the ratio is above 1 + noise. Either clock can raise the
      alarm, so its p value is twice the smaller one (Bonferroni). Wall time is what users wait
      for; CPU time sees work that hides on an idle core, and is steadier beside a busy neighbour.
    - `improved`: the mirror image, below 1 / (1 + noise).
    - `pass`: on both clocks the ratio is below 1 + fail; the p value is the larger one (an
      intersection-union test needs no correction).
    - else `inconclusive`.
    """
    noise, fail = log1p(margins.noise_threshold), log1p(margins.fail_threshold)
    families: dict[VerdictKind, dict[str, float]] = {
        "regressed": {name: _p_slower(own, noise) for name, own in means.items()},
        "improved": {name: _p_faster(own, noise) for name, own in means.items()},
        "pass": {n: max(m.p_below(fail) for m in own.values()) for n, own in means.items()},
    }
    found = {verdict: holm(p_values, expected, level) for verdict, p_values in families.items()}
    return {name: _first_verdict(name, found) for name in means}


def _p_slower(means: Means, margin: float) -> float:
    """Return the p value of the hypothesis that neither clock's mean is above `margin`."""
    return min(1.0, len(means) * min(mean.p_above(margin) for mean in means.values()))


def _p_faster(means: Means, margin: float) -> float:
    """Return the p value of the hypothesis that neither clock's mean is below -`margin`."""
    return min(1.0, len(means) * min(mean.p_below(-margin) for mean in means.values()))


def _first_verdict(name: str, found: Mapping[VerdictKind, set[str]]) -> VerdictKind:
    """Return the verdict; what is slower on one clock and faster on the other is a regression."""
    return next((verdict for verdict, names in found.items() if name in names), "inconclusive")


def _estimate(clock: Clock, mean: Mean, spread: float, tail: float) -> RatioEstimate:
    from scipy.stats import t

    half = float(t.isf(tail, mean.degrees)) * mean.error
    return RatioEstimate(
        clock=clock,
        ratio=exp(mean.value),
        low=exp(mean.value - half),
        high=exp(mean.value + half),
        confidence=1 - 2 * tail,
        spread=spread,
        error=mean.error,
        degrees=mean.degrees,
    )


def _detectable(mean: Mean, margins: Margins, tail: float) -> float:
    """Return the added part of the time that is found with probability POWER at this error."""
    from scipy.stats import t

    needed = float(t.isf(tail, mean.degrees) + t.isf(1 - POWER, mean.degrees))
    return exp(log1p(margins.noise_threshold) + needed * mean.error) - 1
