"""A gate's outcome as files and as a table: verdicts, raw slices, and both sides' provenance."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pandas as pd
from msgspec.structs import asdict
from rich.table import Table
from rich.text import Text

from bench.core.text import sanitize_line
from bench.regression.estimators import CLOCKS, pair_log_ratio
from bench.regression.measure import pair_label, short_names
from bench.regression.outcome import GateOutcome
from bench.regression.pair import Pair
from bench.regression.store import GatePlan, GateStore
from bench.regression.verdict import INTERIM_LOOKS, Verdict
from bench.report.files import write_csv, write_text
from bench.storage.sessions import Session, minute, read_sessions

#: Raised whenever the format of verdicts.json changes.
VERDICTS_VERSION: Final = 4

_STYLES: Final = {"regressed": "red", "invalid": "red", "pass": "green", "improved": "green"}


class VerdictFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of verdicts.json; `provenance` holds both sides' reports per comparison.

    A gate that was interrupted and resumed has several `sessions`.
    """

    verdicts_version: int
    plan: GatePlan
    looks: tuple[int, ...]
    exit_code: int
    outcome: Mapping[str, object]
    provenance: Mapping[str, Mapping[str, object]]
    sessions: Sequence[Session]


def write_outcome(
    store: GateStore, plan: GatePlan, pairs: Sequence[Pair], outcome: GateOutcome, exit_code: int
) -> Path:
    """Write verdicts.csv, verdicts.json, pairs.csv and slices.csv; return the path of the first.

    OSError when they cannot be written.
    """
    path = store.folder / "verdicts.csv"
    sessions = read_sessions(store.folder)
    write_csv(path, verdict_frame(outcome))
    write_csv(store.folder / "pairs.csv", pair_frame(pairs, sessions))
    write_csv(store.folder / "slices.csv", slice_frame(pairs))
    document = VerdictFile(
        verdicts_version=VERDICTS_VERSION,
        plan=plan,
        looks=INTERIM_LOOKS,
        exit_code=exit_code,
        outcome={
            "verdicts": outcome.verdicts,
            "means": outcome.means,
            "controls": [{"kind": kind, **asdict(each)} for kind, each in outcome.controls],
            "defects": outcome.defects,
        },
        provenance=_provenance(pairs),
        sessions=sessions,
    )
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    write_text(store.folder / "verdicts.json", f"{text}\n")
    return path


def verdict_frame(outcome: GateOutcome) -> pd.DataFrame:
    """Return a row per cell, mean and control: its verdict, and each clock's ratio and interval."""
    rows = []
    for kind, verdict in outcome.rows:
        row: dict[str, object] = {
            "kind": kind,
            "cell_id": verdict.cell_id,
            "verdict": verdict.verdict,
            "pairs": verdict.pairs,
            "minutes": _minutes(outcome, kind, verdict),
        }
        for clock, estimate in zip(CLOCKS, verdict.estimates or (None, None), strict=True):
            for name in ("ratio", "low", "high", "confidence", "spread", "error", "degrees"):
                row[f"{clock}_{name}"] = None if estimate is None else getattr(estimate, name)
        rows.append(row | {"detectable": verdict.detectable, "reason": verdict.reason})
    return pd.DataFrame(rows)


def pair_frame(pairs: Sequence[Pair], sessions: Sequence[Session]) -> pd.DataFrame:
    """Return a row per pair with the trimmed mean log ratio on each clock, the judged value.

    `session` counts from 0; a resumed gate has several.
    """
    return pd.DataFrame(
        {
            **_name(pair),
            "session": sum(each.kept <= index for each in sessions[1:]),
            "seconds": pair.seconds,
            **{
                f"{clock}_log_ratio": pair_log_ratio(pair, clock) if pair.slices else None
                for clock in CLOCKS
            },
            "reason": pair.reason,
        }
        for index, pair in enumerate(pairs)
    )


def slice_frame(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return a row per slice with the raw seconds of both sides."""
    return pd.DataFrame(
        {
            **_name(pair),
            "slice": number,
            "steps": slices.baseline.steps,
            **{
                f"{side}_{field}": getattr(getattr(slices, side), field)
                for side in ("baseline", "candidate")
                for field in (
                    "wall_seconds",
                    "cpu_seconds",
                    "idle_seconds",
                    "idle_cpu_seconds",
                )
            },
            "baseline_round_trip": slices.baseline_round_trip,
            "candidate_round_trip": slices.candidate_round_trip,
        }
        for pair in pairs
        for number, slices in enumerate(pair.slices)
    )


def verdict_table(plan: GatePlan, outcome: GateOutcome) -> Table:
    """Return a table for a terminal: a row per cell, mean and control."""
    names = short_names(each.cell for each in plan.expected)
    head = ("cell", "verdict", "pairs", "wall", "CPU", "detectable", "minutes")
    table = Table(*head, title="Candidate against baseline", title_justify="left", box=None)
    for kind, verdict in outcome.rows:
        name = pair_label(names, kind, verdict.cell_id)
        wall, cpu = (_change(verdict, number) for number in range(2))
        detectable = "" if verdict.detectable is None else f"{verdict.detectable:+.1%}"
        minutes = f"{_minutes(outcome, kind, verdict):.1f}"
        cells = (name, verdict.verdict, str(verdict.pairs), wall, cpu, detectable, minutes)
        style = _STYLES.get(verdict.verdict, "") if kind in ("cell", "mean") else ""
        table.add_row(*(Text(sanitize_line(cell)) for cell in cells), style=style)
    return table


def gate_sessions_note(store: GateStore) -> str:
    """Return the number and date of each session's pairs for a resumed gate, else an empty text."""
    sessions = read_sessions(store.folder)
    if len(sessions) < 2:
        return ""
    ends = [*(each.kept for each in sessions[1:]), len(store.pairs())]
    parts = [
        f"{end - each.kept} pairs on {minute(each.started_at)}"
        for each, end in zip(sessions, ends, strict=True)
    ]
    return f"Measured in {len(sessions)} sessions: {'; '.join(parts)} (UTC)."


def sentences(outcome: GateOutcome) -> list[str]:
    """Return a sentence per defect of the gate, per cell with a reason, and per regressed mean."""
    reasons = [
        f"{verdict.cell_id} is invalid: {sanitize_line(verdict.reason)}."
        for verdict in outcome.verdicts
        if verdict.reason
    ]
    slower = [
        f"The {verdict.cell_id}, is {verdict.verdict}."
        for verdict in outcome.means
        if verdict.verdict == "regressed"
    ]
    return [sanitize_line(defect) for defect in outcome.defects] + reasons + slower


def _minutes(outcome: GateOutcome, kind: str, verdict: Verdict) -> float:
    """Return the minutes of a comparison's pairs; 0 for a mean, which has no pairs of its own."""
    return sum(
        minutes for key, minutes in outcome.minutes.items() if key == (kind, verdict.cell_id)
    )


def _change(verdict: Verdict, number: int) -> str:
    if not verdict.estimates:
        return "–"
    estimate = verdict.estimates[number]
    return f"{estimate.ratio - 1:+.1%} [{estimate.low - 1:+.1%}, {estimate.high - 1:+.1%}]"


def _name(pair: Pair) -> dict[str, object]:
    return {"kind": pair.kind, "cell_id": pair.cell_id, "pair": pair.number}


def _provenance(pairs: Sequence[Pair]) -> dict[str, dict[str, object]]:
    """Return each side's provenance per comparison, from its first pair; later ones are equal."""
    by_comparison: dict[str, dict[str, object]] = {}
    for pair in pairs:
        sides = {"baseline": pair.baseline, "candidate": pair.candidate}
        by_comparison.setdefault(f"{pair.cell_id} ({pair.kind})", dict(sides))
    return by_comparison
