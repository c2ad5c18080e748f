"""From lock-step pairs to a verdict per cell: pure statistics, with every rule in a docstring."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from math import exp, log, log1p, sqrt
from statistics import fmean, stdev
from typing import Final, Literal, NamedTuple

import msgspec

from bench.baton import Clock
from bench.gate.pair import Pair

Says = Literal["regressed", "improved", "pass", "inconclusive", "invalid"]

CLOCKS: Final[tuple[Clock, ...]] = ("wall", "cpu")
#: After so many pairs a cell is looked at; each look spends the same part of ALPHA.
LOOKS: Final = (5, 10, 20)
ALPHA: Final = 0.05
#: Of the slices of a pair, so much is cut off at each end: a burst of a neighbour is a few slices.
TRIM: Final = 0.2
#: The power at which the minimum detectable effect is told.
POWER: Final = 0.8


class Margins(NamedTuple):
    """What is harmless and what must be caught, as added parts of the time: 0.02 is 2%."""

    harmless: float = 0.02
    caught: float = 0.05


class MarginError(ValueError):
    """What is called harmless is not less than what must be caught."""


def check_margins(margins: Margins) -> None:
    """Raise MarginError unless something lies between the margins."""
    if not margins.harmless < margins.caught:
        raise MarginError(
            f"harmless is {100 * margins.harmless:g}% and caught is {100 * margins.caught:g}%; "
            "what is harmless must be less than what is caught."
        )


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The candidate's time over the baseline's on one clock, with its interval at `confidence`."""

    clock: Clock
    ratio: float
    low: float
    high: float
    confidence: float
    spread: float


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the pairs of one cell say.

    `detectable` is the smallest added part of the time that so many pairs of this spread would
    find with probability POWER; None where nothing could be estimated. `reason` says why a cell
    is `invalid`.
    """

    cell_id: str
    says: Says
    pairs: int
    estimates: tuple[Estimate, ...] = ()
    detectable: float | None = None
    reason: str | None = None


class StatisticsMissingError(Exception):
    """SciPy, which the gate's statistics need, is not installed in this environment."""


def check_statistics() -> None:
    """Raise StatisticsMissingError unless verdicts can be computed here."""
    if find_spec("scipy") is None:
        raise StatisticsMissingError(
            "The gate needs SciPy, which is not installed here: use `tox -e gate -- …`."
        )


def pair_log_ratio(pair: Pair, clock: Clock) -> float:
    """Return the trimmed mean of log(candidate / baseline) over the turns of a pair."""
    ratios = sorted(
        log(turn.candidate.seconds(clock) / turn.baseline.seconds(clock)) for turn in pair.turns
    )
    cut = int(len(ratios) * TRIM)
    return fmean(ratios[cut : len(ratios) - cut])


def judge_look(
    cells: Mapping[str, Sequence[Pair]], expected: int, margins: Margins, looks: int
) -> dict[str, Verdict]:
    """Return a verdict per undecided cell that was measured up to this look.

    The processes of one program differ for their whole life, so the pair is the sample: per clock
    a one-sided t test of the pairs' log ratios against each margin.

    - `regressed`: on one of the clocks the ratio is above 1 + harmless. Either clock can raise the
      alarm, so its p value is twice the smaller one (Bonferroni). Wall time is what users wait
      for; CPU time sees work that hides on an idle core, and is steadier beside a busy neighbour.
    - `improved`: the mirror image, below 1 / (1 + harmless).
    - `pass`: on both clocks the ratio is below 1 + caught; the p value is the larger one (an
      intersection-union test needs no correction).
    - else `inconclusive`.

    Each family of tests is held at ALPHA over all `expected` cells and `looks` looks: ALPHA /
    `looks` is spent at each (Bonferroni), and Holm's step-down divides it among the cells. Cells
    that are decided, invalid or missing keep their place in Holm's count.
    """
    level = ALPHA / looks
    samples = {
        cell_id: {clock: [pair_log_ratio(pair, clock) for pair in pairs] for clock in CLOCKS}
        for cell_id, pairs in cells.items()
    }
    families = _p_values(samples, margins)
    found = {says: holm(p_values, expected, level) for says, p_values in families.items()}
    return {
        cell_id: Verdict(
            cell_id=cell_id,
            says=_says(cell_id, found),
            pairs=len(pairs),
            estimates=tuple(
                _estimate(clock, samples[cell_id][clock], level / expected / 2) for clock in CLOCKS
            ),
            detectable=_detectable(samples[cell_id]["wall"], margins, level / expected / 2),
        )
        for cell_id, pairs in cells.items()
    }


def _p_values(
    samples: Mapping[str, Mapping[Clock, Sequence[float]]], margins: Margins
) -> dict[str, dict[str, float]]:
    """Return the p value of each cell in each family of tests."""
    harmless, caught = log1p(margins.harmless), log1p(margins.caught)
    return {
        "regressed": {c: _either(s, harmless) for c, s in samples.items()},
        "improved": {c: _either(_mirrored(s), harmless) for c, s in samples.items()},
        "pass": {c: _both_below(s, caught) for c, s in samples.items()},
    }


def holm(p_values: Mapping[str, float], expected: int, level: float) -> set[str]:
    """Return the names whose null hypotheses fall in Holm's step-down over `expected` tests.

    Tests that have no p value here count as never rejected (S. Holm, "A simple sequentially
    rejective multiple test procedure", Scandinavian Journal of Statistics 6, 1979).
    """
    rejected = set()
    for rank, (name, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        if p_value > level / (expected - rank):
            break
        rejected.add(name)
    return rejected


def _says(cell_id: str, found: Mapping[str, set[str]]) -> Says:
    """Return the verdict; what is slower on one clock and faster on the other is a regression."""
    if cell_id in found["regressed"]:
        return "regressed"
    if cell_id in found["improved"]:
        return "improved"
    return "pass" if cell_id in found["pass"] else "inconclusive"


def _either(samples: Mapping[Clock, Sequence[float]], margin: float) -> float:
    return min(1.0, 2 * min(_p_above(values, margin) for values in samples.values()))


def _both_below(samples: Mapping[Clock, Sequence[float]], margin: float) -> float:
    return max(_p_above(values, -margin) for values in _mirrored(samples).values())


def _mirrored(samples: Mapping[Clock, Sequence[float]]) -> dict[Clock, list[float]]:
    return {clock: [-value for value in values] for clock, values in samples.items()}


def _p_above(values: Sequence[float], margin: float) -> float:
    """Return the p value of the hypothesis that the mean is at most `margin`."""
    from scipy.stats import t

    error = stdev(values) / sqrt(len(values))
    return float(t.sf((fmean(values) - margin) / error, len(values) - 1))


def _estimate(clock: Clock, values: Sequence[float], tail: float) -> Estimate:
    from scipy.stats import t

    mean, spread = fmean(values), stdev(values)
    half = float(t.isf(tail, len(values) - 1)) * spread / sqrt(len(values))
    return Estimate(
        clock=clock,
        ratio=exp(mean),
        low=exp(mean - half),
        high=exp(mean + half),
        confidence=1 - 2 * tail,
        spread=spread,
    )


def _detectable(values: Sequence[float], margins: Margins, tail: float) -> float:
    from scipy.stats import t

    degrees = len(values) - 1
    needed = float(t.isf(tail, degrees) + t.isf(1 - POWER, degrees))
    return exp(log1p(margins.harmless) + needed * stdev(values) / sqrt(len(values))) - 1
