"""compare.csv: one row per cell of two runs, A and B; cells of only one run come first."""

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log
from statistics import median
from typing import Final, NamedTuple

import msgspec
import pandas as pd

from bench.core.cell import OWN_DATA, Cell
from bench.core.diff import diff_records
from bench.core.record import Record
from bench.core.text import BenchError
from bench.parity.certificate import Certificate, subject_parity
from bench.parity.fingerprint import subject_of
from bench.report.tables.columns import make_frame
from bench.report.tables.compare_columns import COMPARE_COLUMNS
from bench.report.tables.metrics import record_metrics
from bench.report.tables.phase_records import phase_of
from bench.report.tables.run_selection import ComparedRun
from bench.stats.hodges_lehmann import hodges_lehmann_interval
from bench.stats.stability import CONFIDENCE, drift, is_steady

#: The fewest launches of each side for an interval, equal to the fewest rounds of a race. With
#: fewer launches the interval would span about the whole range of the ratios.
FEWEST_LAUNCHES: Final = 6

_KERNELS: Final = ("gemm", "copy")
#: As for the ratios of a race: the bytes must not depend on the C library's log and exp.
_DECIMALS: Final = 9


class MismatchError(BenchError):
    """Two runs cannot be compared: they share no cell, or differ in machine or dataset."""


#: A cell, and the phase of its launches, if these have any.
_Key = tuple[Cell, str | None]


class _Half(NamedTuple):
    """One side of one cell: its records, and the metrics of each ok record."""

    records: list[Record]
    metrics: list[Mapping[str, object]]

    def known(self, column: str) -> list[float]:
        """Return the launches' values of a column of cells.csv, without missing values."""
        values = (metrics.get(column) for metrics in self.metrics)
        return [value for value in values if isinstance(value, int | float)]

    def seconds(self) -> list[float]:
        """Return the launches' median steady epochs; of a phase without one, its seconds."""
        by_phase = any(metrics.get("compared") == "phase" for metrics in self.metrics)
        return self.known("phase_seconds" if by_phase else "epoch_seconds_median")

    def headlines(self) -> set[tuple[str, str]]:
        """Return the headline metrics of the launches, each with its better direction."""
        pairs = ((m.get("headline_metric"), m.get("headline_mode")) for m in self.metrics)
        return {(str(metric), str(mode)) for metric, mode in pairs if metric is not None}


def compare_frame(
    a: ComparedRun,
    b: ComparedRun,
    certificates: Sequence[Certificate] = (),
    *,
    across_machines: bool = False,
) -> pd.DataFrame:
    """Return one row per cell of A or B; the sampling unit is the launch, never the epoch.

    Raise MismatchError if the runs have no cell in common, if a cell's dataset differs, or if the
    machines differ and `across_machines` is False.
    """
    of_a, of_b = _halves(a), _halves(b)
    common = [cell for cell in of_a if cell in of_b]
    if not common:
        raise MismatchError(
            f"{a.name} and {b.name} have no cell in common, so they cannot be compared."
        )
    for cell in common:
        _check_datasets(a, b, of_a[cell], of_b[cell])
    if not across_machines:
        _check_machines(a, b)
    only_in_one = [cell for cell in (*of_a, *of_b) if not (cell in of_a and cell in of_b)]
    nothing = _Half([], [])
    rows = [
        _row(cell, of_a.get(cell, nothing), of_b.get(cell, nothing), certificates)
        for cell in (*only_in_one, *common)
    ]
    return make_frame(rows, COMPARE_COLUMNS)


def _halves(side: ComparedRun) -> dict[_Key, _Half]:
    halves: dict[_Key, _Half] = {}
    for record in side.records:
        half = halves.setdefault((record.cell, phase_of(record)), _Half([], []))
        half.records.append(record)
        if record.status == "ok":
            half.metrics.append(record_metrics(record))
    return halves


def _check_datasets(a: ComparedRun, b: ComparedRun, of_a: _Half, of_b: _Half) -> None:
    name = of_a.records[0].cell.dataset
    fingerprints = [{r.dataset.fingerprint for r in half.records} for half in (of_a, of_b)]
    # That of data which a workload makes itself follows its source, whose change is reported.
    if name != OWN_DATA and fingerprints[0] != fingerprints[1]:
        texts = [", ".join(sorted(of_side)) for of_side in fingerprints]
        raise MismatchError(
            f"{a.name} and {b.name} cannot be compared, because their datasets {name!r} differ, "
            f"with the fingerprints {texts[0]} and {texts[1]}."
        )


def _check_machines(a: ComparedRun, b: ComparedRun) -> None:
    machines = [sorted({record.machine_id for record in side.records}) for side in (a, b)]
    if machines[0] != machines[1] or len(machines[0]) > 1:
        texts = [", ".join(of_side) for of_side in machines]
        raise MismatchError(
            f"{a.name} and {b.name} cannot be compared, because they were measured on different "
            f"machines, {texts[0]} and {texts[1]}; --across-machines allows the comparison."
        )


def _row(key: _Key, a: _Half, b: _Half, certificates: Sequence[Certificate]) -> dict[str, object]:
    cell, phase = key
    both = bool(a.records and b.records)
    same_machines = _machines(a) == _machines(b)
    # Different machines may each be steady and yet differ in speed, so each is judged separately.
    groups = [[a, b]] if same_machines else [[a], [b]]
    drifts = {kernel: _kernel_drift(kernel, groups) for kernel in _KERNELS}
    time = _time_status(a, b, list(drifts.values()))
    return {
        **msgspec.structs.asdict(cell),
        "cell_id": cell.id,
        "phase": phase,
        "sides": "both" if both else "only A" if a.records else "only B",
        **_half_columns(a, "a"),
        **_half_columns(b, "b"),
        "across_machines": not same_machines if both else None,
        "changed": "; ".join(diff_records(a.records[-1], b.records[-1])) or None if both else None,
        "parity": _parity(a, b, certificates),
        "time": time,
        **(_seconds_ratio(a, b) if time == "ok" else {}),
        **_headlines(a, b),
        **(_differences(a, b) if time not in ("one side", "mixed") else {}),
        "interval_confidence": CONFIDENCE if both else None,
        **{f"{kernel}_drift": value for kernel, value in drifts.items() if both},
    }


def _parity(a: _Half, b: _Half, certificates: Sequence[Certificate]) -> str | None:
    """Return the column `parity`; None if a side has no result, or several functions."""
    functions = [
        {function.sha256 for record in half.records if (function := subject_of(record))}
        for half in (a, b)
    ]
    if not all(len(of_side) == 1 for of_side in functions):
        return None
    if functions[0] == functions[1]:
        return "unchanged"
    texts = (subject_parity(certificates, sha256) for (sha256,) in functions)
    return ", ".join(f"{side} {text}" for side, text in zip("AB", texts, strict=True))


def _half_columns(half: _Half, side: str) -> dict[str, object]:
    seconds, scores = half.seconds(), half.known("final_val_accuracy")
    finals = half.known("final_headline")
    columns = {
        "machine": "; ".join(sorted(_machines(half))) or None,
        "launches": len(half.metrics),
        "failed": len(half.records) - len(half.metrics),
        "epoch_seconds": median(seconds) if seconds and not _is_mixed(half) else None,
        "val_accuracy": median(scores) if scores and not _is_mixed(half) else None,
        "headline": median(finals) if finals and not _is_mixed(half) else None,
    }
    return {f"{name}_{side}": value for name, value in columns.items()}


def _time_status(a: _Half, b: _Half, drifts: list[float | None]) -> str:
    """Return the value of the column `time`."""
    seconds = [half.seconds() for half in (a, b)]
    protocols = {record.protocol_version for record in (*a.records, *b.records)}
    reasons = {
        "one side": not (a.records and b.records),
        "mixed": _is_mixed(a) or _is_mixed(b),
        "no time": not all(seconds),
        "mismatched": len(protocols) > 1,
        "too few launches": min(map(len, seconds)) < FEWEST_LAUNCHES,
        "unstable": not is_steady(drifts),
    }
    return next((reason for reason, applies in reasons.items() if applies), "ok")


def _seconds_ratio(a: _Half, b: _Half) -> dict[str, object]:
    logs = [[log(value) for value in half.seconds()] for half in (a, b)]
    shift = hodges_lehmann_interval(logs[0], logs[1], CONFIDENCE)
    ends = shift and [exp(value) for value in shift[:3]]
    return _interval_columns("seconds_ratio", ends)


def _headlines(a: _Half, b: _Half) -> dict[str, object]:
    """Return the metric by which both sides are judged, or the reason why there is none."""
    named = sorted(a.headlines() | b.headlines())
    reasons = [
        f"{side}: {reason}"
        for side, half in (("A", a), ("B", b))
        for reason in dict.fromkeys(metrics.get("headline_reason") for metrics in half.metrics)
        if reason
    ]
    if len(named) > 1:
        texts = (" and ".join(metric for metric, _ in sorted(h.headlines())) for h in (a, b))
        reasons.append("A is judged by {}, B by {}".format(*texts))
    metric, mode = named[0] if len(named) == 1 else (None, None)
    reason = "; ".join(reasons) or None
    return {"headline_metric": metric, "headline_mode": mode, "headline_reason": reason}


def _differences(a: _Half, b: _Half) -> dict[str, object]:
    """Return the differences of the accuracy and of the headline metric, with their intervals."""
    columns = {"val_accuracy": "final_val_accuracy"}
    if len(a.headlines() | b.headlines()) == 1:
        columns["headline"] = "final_headline"
    differences: dict[str, object] = {}
    for name, column in columns.items():
        scores = [half.known(column) for half in (a, b)]
        if min(map(len, scores)) >= FEWEST_LAUNCHES:
            shift = hodges_lehmann_interval(scores[0], scores[1], CONFIDENCE)
            differences |= _interval_columns(f"{name}_difference", shift and shift[:3])
    return differences


def _interval_columns(name: str, values: Iterable[float] | None) -> dict[str, object]:
    rounded = [round(value, _DECIMALS) for value in values or ()]
    return dict(zip((name, f"{name}_low", f"{name}_high"), rounded, strict=False))


def _kernel_drift(kernel: str, groups: list[list[_Half]]) -> float | None:
    """Return the largest drift of the groups of halves; None if one is unknown."""
    drifts = [
        drift([seconds for half in group for seconds in half.known(f"{kernel}_seconds")])
        for group in groups
    ]
    known = [value for value in drifts if value is not None]
    return max(known) if len(known) == len(drifts) else None


def _machines(half: _Half) -> set[str]:
    return {record.machine_id for record in half.records}


def _is_mixed(half: _Half) -> bool:
    return len({(record.digest, record.machine_id) for record in half.records}) > 1
