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

#: Raised whenever verdicts.json changes.
VERDICTS_VERSION: Final = 4

_STYLES: Final = {"regressed": "red", "invalid": "red", "pass": "green", "improved": "green"}


class VerdictFile(msgspec.Struct, frozen=True, kw_only=True):
    """What verdicts.json holds; `provenance` is a side's settings by contest.

    Of `sessions` there are several where the gate was interrupted and resumed.
    """

    verdicts_version: int
    plan: GatePlan
    looks: tuple[int, ...]
    exit_code: int
    outcome: Mapping[str, object]
    provenance: Mapping[str, Mapping[str, object]]
    sessions: Sequence[Session]


def write_outcome(
    book: GateStore, plan: GatePlan, pairs: Sequence[Pair], outcome: GateOutcome, exit_code: int
) -> Path:
    """Write verdicts.csv, verdicts.json, pairs.csv and slices.csv; return the path of the first.

    OSError when they cannot be written.
    """
    path = book.folder / "verdicts.csv"
    sessions = read_sessions(book.folder)
    write_csv(path, verdict_frame(outcome))
    write_csv(book.folder / "pairs.csv", pair_frame(pairs, sessions))
    write_csv(book.folder / "slices.csv", slice_frame(pairs))
    found = VerdictFile(
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
    text = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    write_text(book.folder / "verdicts.json", f"{text}\n")
    return path


def verdict_frame(outcome: GateOutcome) -> pd.DataFrame:
    """Return a row per cell and control: what it says, and both clocks' ratios with intervals."""
    rows = []
    for kind, found in outcome.rows:
        row: dict[str, object] = {
            "kind": kind,
            "cell_id": found.cell_id,
            "verdict": found.verdict,
            "pairs": found.pairs,
            "minutes": _minutes(outcome, kind, found),
        }
        for clock, estimate in zip(CLOCKS, found.estimates or (None, None), strict=True):
            for name in ("ratio", "low", "high", "confidence", "spread", "error", "degrees"):
                row[f"{clock}_{name}"] = None if estimate is None else getattr(estimate, name)
        rows.append(row | {"detectable": found.detectable, "reason": found.reason})
    return pd.DataFrame(rows)


def pair_frame(pairs: Sequence[Pair], sessions: Sequence[Session]) -> pd.DataFrame:
    """Return a row per pair: the trimmed mean log ratio on each clock, which is what is judged.

    `session` counts from 0; a gate that was resumed has several.
    """
    return pd.DataFrame(
        {
            **_name(pair),
            "session": sum(each.kept <= place for each in sessions[1:]),
            "seconds": pair.seconds,
            **{
                f"{clock}_log_ratio": pair_log_ratio(pair, clock) if pair.slices else None
                for clock in CLOCKS
            },
            "reason": pair.reason,
        }
        for place, pair in enumerate(pairs)
    )


def slice_frame(pairs: Sequence[Pair]) -> pd.DataFrame:
    """Return a row per slice: the raw seconds of both sides' slices."""
    return pd.DataFrame(
        {
            **_name(pair),
            "slice": number,
            "steps": turn.baseline.steps,
            **{
                f"{side}_{field}": getattr(getattr(turn, side), field)
                for side in ("baseline", "candidate")
                for field in (
                    "wall_seconds",
                    "cpu_seconds",
                    "idle_seconds",
                    "idle_cpu_seconds",
                )
            },
            "baseline_round_trip": turn.baseline_round_trip,
            "candidate_round_trip": turn.candidate_round_trip,
        }
        for pair in pairs
        for number, turn in enumerate(pair.slices)
    )


def verdict_table(plan: GatePlan, outcome: GateOutcome) -> Table:
    """Return a row per cell and control for a terminal."""
    names = short_names(each.cell for each in plan.expected)
    head = ("cell", "verdict", "pairs", "wall", "CPU", "detectable", "minutes")
    table = Table(*head, title="Candidate against baseline", title_justify="left", box=None)
    for kind, found in outcome.rows:
        name = pair_label(names, kind, found.cell_id)
        wall, cpu = (_change(found, number) for number in range(2))
        detectable = "" if found.detectable is None else f"{found.detectable:+.1%}"
        minutes = f"{_minutes(outcome, kind, found):.1f}"
        cells = (name, found.verdict, str(found.pairs), wall, cpu, detectable, minutes)
        style = _STYLES.get(found.verdict, "") if kind in ("cell", "mean") else ""
        table.add_row(*(Text(sanitize_line(cell)) for cell in cells), style=style)
    return table


def gate_sessions_note(book: GateStore) -> str:
    """Return of a gate that was resumed when which of its pairs were measured, else nothing."""
    sessions = read_sessions(book.folder)
    if len(sessions) < 2:
        return ""
    ends = [*(each.kept for each in sessions[1:]), len(book.pairs())]
    parts = [
        f"{end - each.kept} pairs on {minute(each.started_at)}"
        for each, end in zip(sessions, ends, strict=True)
    ]
    return f"Measured in {len(sessions)} sessions: {'; '.join(parts)} (UTC)."


def sentences(outcome: GateOutcome) -> list[str]:
    """Return what is wrong with the session, why cells are invalid, and which means regressed."""
    reasons = [
        f"{found.cell_id} is invalid: {sanitize_line(found.reason)}."
        for found in outcome.verdicts
        if found.reason
    ]
    slower = [
        f"The {found.cell_id}, is {found.verdict}."
        for found in outcome.means
        if found.verdict == "regressed"
    ]
    return [sanitize_line(defect) for defect in outcome.defects] + reasons + slower


def _minutes(outcome: GateOutcome, kind: str, found: Verdict) -> float:
    """Return the minutes of the pairs of a contest; a mean has none of its own."""
    return sum(minutes for key, minutes in outcome.minutes.items() if key == (kind, found.cell_id))


def _change(found: Verdict, number: int) -> str:
    if not found.estimates:
        return "–"
    estimate = found.estimates[number]
    return f"{estimate.ratio - 1:+.1%} [{estimate.low - 1:+.1%}, {estimate.high - 1:+.1%}]"


def _name(pair: Pair) -> dict[str, object]:
    return {"kind": pair.kind, "cell_id": pair.cell_id, "pair": pair.number}


def _provenance(pairs: Sequence[Pair]) -> dict[str, dict[str, object]]:
    """Return each side's provenance per contest, from its first pair; later ones are equal."""
    found: dict[str, dict[str, object]] = {}
    for pair in pairs:
        sides = {"baseline": pair.baseline, "candidate": pair.candidate}
        found.setdefault(f"{pair.cell_id} ({pair.kind})", dict(sides))
    return found
