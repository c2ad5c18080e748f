"""Screening against stored records: it can raise a suspicion but never clear a candidate."""

from collections.abc import Mapping, Sequence
from math import exp, log, log1p
from statistics import fmean, median
from typing import Literal

import msgspec

from bench.core.record import Record
from bench.regression.verdict import ALPHA
from bench.stats.hypothesis_tests import holm, welch

Suspicion = Literal["suspect", "inconclusive", "invalid"]

#: The facts that determine a stored time, apart from the code under test.
_MUST_MATCH = ("machine_id", "protocol_version", "dataset_fingerprint", "device")


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """The screening of one cell against stored launches.

    `launches` counts those of the baseline and of the candidate. `ratio` is the time of the
    candidate over that of the baseline, None if unknown.
    """

    name: str
    verdict: Suspicion
    launches: tuple[int, int]
    ratio: float | None = None
    reason: str | None = None


def screen(
    cells: Mapping[str, tuple[Sequence[Record], Sequence[Record]]], noise_threshold: float
) -> list[Screening]:
    """Return a screening per cell from its baseline's and its candidate's records.

    A launch counts once, by the median of its steady epochs. A cell is `suspect` when a one-sided
    Welch t test of the launches' log seconds, at ALPHA over all cells by Holm, shows the ratio to
    be above 1 + `noise_threshold`. There is no `pass`, because the two sides ran at different times
    and their numbers cannot distinguish a slow hour from slow code.
    """
    screenings: dict[str, Screening] = {}
    p_values: dict[str, float] = {}
    for name, (baseline, candidate) in cells.items():
        sides = ([_seconds(r) for r in baseline], [_seconds(r) for r in candidate])
        reason = _problem(baseline, candidate)
        logs = [[log(value) for value in side if value] for side in sides]
        ratio = None if reason else exp(fmean(logs[1]) - fmean(logs[0]))
        screenings[name] = Screening(
            name=name,
            verdict="invalid" if reason else "inconclusive",
            launches=(len(baseline), len(candidate)),
            ratio=ratio,
            reason=reason,
        )
        if not reason and min(map(len, logs)) >= 2:
            p_values[name] = welch(logs[0], logs[1]).p_below(log1p(noise_threshold))
    for name in holm(p_values, len(cells), ALPHA):
        screenings[name] = msgspec.structs.replace(screenings[name], verdict="suspect")
    return list(screenings.values())


def _problem(baseline: Sequence[Record], candidate: Sequence[Record]) -> str | None:
    for name, side in (("baseline", baseline), ("candidate", candidate)):
        if not side:
            return f"the {name} has no record"
        for record in side:
            if _seconds(record) is None:
                reason = record.reason or "all its epochs are warm-up"
                return f"repetition {record.repetition} of the {name}: {reason}"
    for field in _MUST_MATCH:
        values = [{_facts(record)[field] for record in side} for side in (baseline, candidate)]
        if values[0] != values[1] or len(values[0]) > 1:
            texts = [" and ".join(sorted(map(str, side))) for side in values]
            return f"the baseline's {field} is {texts[0]}, the candidate's {texts[1]}"
    return None


def _facts(record: Record) -> Mapping[str, object]:
    return {
        "machine_id": record.machine_id,
        "protocol_version": record.protocol_version,
        "dataset_fingerprint": record.dataset.fingerprint,
        "device": record.cell.device,
    }


def _seconds(record: Record) -> float | None:
    if record.result is None or not record.result.steady_epochs:
        return None
    return median(epoch.train_seconds for epoch in record.result.steady_epochs)
