"""From lock-step pairs to a verdict per cell: pure statistics, each rule in a docstring."""

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
from bench.stats.hypothesis_tests import holm

VerdictKind = Literal["regressed", "improved", "pass", "inconclusive", "invalid"]

#: The numbers of pairs at which a cell is judged; each look spends the same part of ALPHA.
INTERIM_LOOKS: Final = (5, 10, 20)
ALPHA: Final = 0.05
#: The power at which the minimum detectable effect is reported.
POWER: Final = 0.8


class Margins(NamedTuple):
    """Relative slowdowns: noise up to the first threshold, a failure from the second on."""

    noise_threshold: float = 0.02
    fail_threshold: float = 0.05


class MarginError(BenchError, ValueError):
    """The noise threshold is not below the fail threshold."""


def check_margins(margins: Margins) -> None:
    """Raise MarginError unless the noise threshold is below the fail threshold."""
    if not margins.noise_threshold < margins.fail_threshold:
        raise MarginError(
            f"The noise threshold ({100 * margins.noise_threshold:g}%) must be below the fail "
            f"threshold ({100 * margins.fail_threshold:g}%)."
        )


class RatioEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's time over the baseline's on one clock, with its interval at `confidence`.

    `spread` is the standard deviation of the pairs' log ratios. `error` is the standard error of
    their mean after moderation, with `degrees` degrees of freedom.
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
    """The verdict on one cell, from its `pairs`.

    `detectable` is the smallest relative slowdown that this many pairs with this spread would
    detect with probability POWER; None if it cannot be estimated. `reason` explains why a cell is
    `invalid`.
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
            "The gate needs SciPy, which is not installed here; use `tox -e gate -- …`."
        )


def judge_look(
    cells: Mapping[str, Sequence[Pair]],
    expected: int,
    margins: Margins,
    looks: int,
    priors: Priors = MappingProxyType({}),
) -> dict[str, Verdict]:
    """Return a verdict for each undecided cell, on its pairs up to this look.

    The sample is the pair, because processes of one program differ for their whole life. Each
    clock has a one-sided t test of the pairs' log ratios against each margin; `priors` moderate
    the variance.

    Each family of tests is held at ALPHA over all `expected` cells and `looks` looks: ALPHA /
    `looks` is spent at each (Bonferroni), and Holm's step-down divides it among the cells. Decided,
    invalid and missing cells still count in Holm's correction.
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
    """Return a verdict with its estimates; their intervals exclude `tail` at each end.

    `samples` are the log ratios of the pairs, which determine the reported spread.
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
    """Return the verdict of each name from its means; Holm holds each family of tests at `level`.

    - `regressed`: the ratio of either clock is above 1 + noise. Either clock can raise the alarm,
      so the p value is twice the smaller one (Bonferroni). Users wait for wall time; CPU time also
      covers work on an otherwise idle core, and is less affected by other programs.
    - `improved`: the mirror image, below 1 / (1 + noise).
    - `pass`: the ratios of both clocks are below 1 + fail. The p value is the larger one, because
      an intersection-union test needs no correction.
    - else `inconclusive`.
    """
    noise, fail = log1p(margins.noise_threshold), log1p(margins.fail_threshold)
    families: dict[VerdictKind, dict[str, float]] = {
        "regressed": {name: _p_slower(each, noise) for name, each in means.items()},
        "improved": {name: _p_faster(each, noise) for name, each in means.items()},
        "pass": {n: max(m.p_below(fail) for m in each.values()) for n, each in means.items()},
    }
    rejected = {verdict: holm(p_values, expected, level) for verdict, p_values in families.items()}
    return {name: _first_verdict(name, rejected) for name in means}


def _p_slower(means: Means, margin: float) -> float:
    """Return the p value of the hypothesis that neither clock's mean is above `margin`."""
    return min(1.0, len(means) * min(mean.p_above(margin) for mean in means.values()))


def _p_faster(means: Means, margin: float) -> float:
    """Return the p value of the hypothesis that neither clock's mean is below -`margin`."""
    return min(1.0, len(means) * min(mean.p_below(-margin) for mean in means.values()))


def _first_verdict(name: str, rejected: Mapping[VerdictKind, set[str]]) -> VerdictKind:
    """Return the verdict; slower on one clock and faster on the other is a regression."""
    return next((verdict for verdict, names in rejected.items() if name in names), "inconclusive")


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
    """Return the relative slowdown that is detected with probability POWER at this error."""
    from scipy.stats import t

    needed = float(t.isf(tail, mean.degrees) + t.isf(1 - POWER, mean.degrees))
    return exp(log1p(margins.noise_threshold) + needed * mean.error) - 1
