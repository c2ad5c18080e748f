"""Screening against stored records: it can raise a suspicion, it can never clear a candidate."""

from collections.abc import Mapping, Sequence
from math import exp, log, log1p
from statistics import fmean, median
from typing import Literal

import msgspec

from bench.core.record import Record
from bench.regression.verdict import ALPHA
from bench.stats.holm import holm
from bench.stats.welch import welch

Suspicion = Literal["suspect", "inconclusive", "invalid"]

#: What a stored time depends on beside the code that is under test.
_MUST_MATCH = ("machine_id", "protocol_version", "dataset_fingerprint", "device")


class Screening(msgspec.Struct, frozen=True, kw_only=True):
    """What stored launches say of a cell; the ratio is candidate / baseline, None if unknown."""

    name: str
    verdict: Suspicion
    launches: tuple[int, int]
    ratio: float | None = None
    reason: str | None = None


def screen(
    cells: Mapping[str, tuple[Sequence[Record], Sequence[Record]]], noise: float
) -> list[Screening]:
    """Return a screening per cell from its baseline's and its candidate's records.

    A launch counts once, by the median of its steady epochs. `suspect` when a one-sided Welch t
    test of the launches' log seconds, at ALPHA over all cells by Holm, puts the ratio above
    1 + `noise`. The two sides met the machine at different times, and nothing in their numbers
    tells a slow hour from slow code: that is why there is no `pass`.
    """
    found: dict[str, Screening] = {}
    p_values: dict[str, float] = {}
    for name, (baseline, candidate) in cells.items():
        sides = ([_seconds(r) for r in baseline], [_seconds(r) for r in candidate])
        reason = _problem(baseline, candidate)
        logs = [[log(value) for value in side if value] for side in sides]
        ratio = None if reason else exp(fmean(logs[1]) - fmean(logs[0]))
        found[name] = Screening(
            name=name,
            verdict="invalid" if reason else "inconclusive",
            launches=(len(baseline), len(candidate)),
            ratio=ratio,
            reason=reason,
        )
        if not reason and min(map(len, logs)) >= 2:
            p_values[name] = welch(logs[0], logs[1]).p_below(log1p(noise))
    for name in holm(p_values, len(cells), ALPHA):
        found[name] = msgspec.structs.replace(found[name], verdict="suspect")
    return list(found.values())


def _problem(baseline: Sequence[Record], candidate: Sequence[Record]) -> str | None:
    for name, side in (("baseline", baseline), ("candidate", candidate)):
        if not side:
            return f"the {name} has no record"
        for record in side:
            if _seconds(record) is None:
                reason = record.reason or "it has no epoch besides the warm-up"
                return f"repetition {record.repetition} of the {name}: {reason}"
    for field in _MUST_MATCH:
        values = [{_facts(record)[field] for record in side} for side in (baseline, candidate)]
        if values[0] != values[1] or len(values[0]) > 1:
            told = [" and ".join(sorted(map(str, side))) for side in values]
            return f"the baseline's {field} is {told[0]}, the candidate's {told[1]}"
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
