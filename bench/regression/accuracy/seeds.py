"""From records to seeds: the final headline metric of each seed, or the reason it is missing."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from bench.core.cell import Cell
from bench.core.headline import VAL_ACCURACY, Headline, headline_of, missing_headline
from bench.core.record import Record
from bench.core.result import Result
from bench.regression.accuracy.verdict import SeedAccuracies

#: The facts that all records of both sides must share; workload and versions may differ.
_MUST_MATCH = ("protocol_version", "dataset_fingerprint", "dataset_official")

#: How the reason of a launch starts whose loss became non-finite (bench.worker.callbacks).
_DIVERGED = "NonFiniteLossError"


def family_of(cell: Cell) -> Cell:
    """Return the cell with seed 0, which represents all seeds."""
    return msgspec.structs.replace(cell, seed=0)


def families(cells: Iterable[Cell]) -> dict[Cell, list[int]]:
    """Return the seeds of each family, sorted, families in the order of the cells."""
    seeds_by_family: dict[Cell, set[int]] = {}
    for cell in cells:
        seeds_by_family.setdefault(family_of(cell), set()).add(cell.seed)
    return {family: sorted(seeds) for family, seeds in seeds_by_family.items()}


def seeds_of(family: Cell, seeds: Sequence[int], records: Sequence[Record]) -> SeedAccuracies:
    """Return one side of a family: a headline value per seed, from the newest record of each.

    The side has a `reason`, which makes its verdict `invalid`, if a seed has no record or no
    value, if the seeds are judged by different metrics, or if it failed for any reason other
    than a non-finite loss.
    """
    newest = {r.cell.seed: r for r in sorted(records, key=_age) if family_of(r.cell) == family}
    chosen = {seed: newest.get(seed) for seed in seeds}
    reason = next((why for s, r in chosen.items() if (why := _absence(s, r))), None)
    results = [record.result for record in chosen.values() if record and record.result]
    headlines = list(dict.fromkeys(h for result in results if (h := headline_of(result))))
    headline = headlines[0] if headlines else Headline(VAL_ACCURACY, "max")
    if len(headlines) > 1 and not reason:
        reason = f"its seeds are judged by {' and '.join(h.metric for h in headlines)}"
    return SeedAccuracies(
        headline=headline,
        accuracies=tuple(v for result in results if (v := headline.final(result)) is not None),
        images=min((n for r in results if (n := _images(r)) is not None), default=None),
        diverged=tuple(seed for seed, record in chosen.items() if record and _diverged(record)),
        reason=reason or _mixture([record for record in chosen.values() if record]),
    )


def _images(result: Result) -> int | None:
    """Return the validation images of a result, or those of its last phase `fit`."""
    fits = [phase.validation_images for phase in result.phases if phase.method == "fit"]
    return fits[-1] if fits else result.validation_images


def mismatch(baseline: Sequence[Record], candidate: Sequence[Record]) -> str | None:
    """Return the reason, as a phrase, why two sides' records cannot be compared, or None."""
    for field in _MUST_MATCH:
        sides = [{_facts(record)[field] for record in side} for side in (baseline, candidate)]
        if sides[0] != sides[1]:
            baseline_text, candidate_text = map(_joined, sides)
            return f"the baseline's {field} is {baseline_text}, the candidate's {candidate_text}"
    return None


def _facts(record: Record) -> Mapping[str, object]:
    return {
        "protocol_version": record.protocol_version,
        "dataset_fingerprint": record.dataset.fingerprint,
        "dataset_official": record.dataset.official,
    }


def _absence(seed: int, record: Record | None) -> str | None:
    if record is None:
        return f"seed {seed} has no record"
    if record.result is None:
        return None if _diverged(record) else f"seed {seed} failed: {record.reason}"
    missing = missing_headline(record.result)
    return f"seed {seed} cannot be judged: {missing}" if missing else None


def _mixture(records: Sequence[Record]) -> str | None:
    """Return, as a phrase, how the environments of a side's seeds differ, or None."""
    for name in ("workload_source", "versions", "environment"):
        if len({str(getattr(record, name)) for record in records}) > 1:
            return f"its seeds were trained with different {name.replace('_', ' ')}"
    return None


def _diverged(record: Record) -> bool:
    return record.status == "failed" and str(record.reason).startswith(_DIVERGED)


def _age(record: Record) -> tuple[str, str]:
    return record.started_at, record.run_id


def _joined(values: set[object]) -> str:
    return " and ".join(sorted(map(str, values))) or "nothing"
