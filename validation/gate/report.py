"""The validation's tables as CSV, as Markdown and for a terminal."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich.table import Table
from rich.text import Text

from bench.core.text import escape_markdown, sanitize_line
from bench.report.files import write_csv, write_text
from bench.storage.store import StoreError
from validation.gate.simulation import GATE

_HEAD: Final = """# Validation of the gate

The error rates of the gate's verdicts and of the rules of other tools. `python -m validation.gate`
counts all numbers from the raw rows in this folder (`suites.jsonl`, `pairs.jsonl`, `seeds.jsonl`).
The intervals are 95%, Clopper-Pearson for counts. `proof.csv` and `arms.csv` hold all numbers.
"""
_SIMULATED: Final = (
    *("suites with a false alarm", "equal cells called slower"),
    *("slower cells found", "slower cells passed", "means called slower"),
)


def write_proof(folder: Path, proof: pd.DataFrame, arms: pd.DataFrame) -> Path:
    """Write proof.csv, arms.csv and proof.md; return the path of the first.

    StoreError if they cannot be written.
    """
    path = folder / "proof.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(path, proof)
        write_csv(folder / "arms.csv", arms)
        write_text(folder / "proof.md", proof_markdown(proof, arms))
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return path


def proof_markdown(proof: pd.DataFrame, arms: pd.DataFrame) -> str:
    """Return the page: a section per part that has rows."""
    lines = [_HEAD]
    for part, title, write in (
        ("simulated", "Simulated suites of 30 cells", _simulated_lines),
        ("real", "Real gates of one cell", _answers_lines),
        ("accuracy", "Accuracy gates of stored seeds", _answers_lines),
    ):
        rows = proof[proof["part"] == part]
        if len(rows):
            lines += [f"## {title}", "", *write(rows), ""]
    if len(arms):
        lines += ["## Measured differences of real pairs", "", *_arm_lines(arms), ""]
    return "\n".join(lines)


def _simulated_lines(proof: pd.DataFrame) -> list[str]:
    """Return a table per drift and arm: a row per rule, a column per question."""
    lines = []
    for (where, slower), group in proof.groupby(["where", "slower"], sort=False):
        asked = [name for name in _SIMULATED if name in set(group["question"])]
        lines += [f"### Drift {where}, {slower}", ""]
        lines += _table(["rule", "schedule", *asked, "machine minutes"])
        for (rule, schedule), rows in group.groupby(["rule", "schedule"], sort=False):
            by_question = rows.set_index("question")
            cells = [
                _figure(by_question.loc[name]) if name in by_question.index else ""
                for name in asked
            ]
            name = f"**{rule}**" if rule == GATE else escape_markdown(str(rule))
            lines.append(_line([name, str(schedule), *cells, f"{rows['minutes'].mean():.0f}"]))
        lines.append("")
    return lines


def _answers_lines(proof: pd.DataFrame) -> list[str]:
    """Return a row per condition and effect, a column per verdict."""
    questions = list(dict.fromkeys(proof["question"]))
    lines = _table(["where", "candidate", "gates", *questions, "minutes each"])
    for (where, slower), rows in proof.groupby(["where", "slower"], sort=False):
        by_question = rows.set_index("question")
        cells = [_figure(by_question.loc[name]) for name in questions]
        minutes = rows["minutes"].mean()
        minutes_text = "" if pd.isna(minutes) else f"{minutes:.1f}"
        lines.append(_line([str(where), str(slower), str(rows["n"].iloc[0]), *cells, minutes_text]))
    return lines


def _arm_lines(arms: pd.DataFrame) -> list[str]:
    lines = _table(
        ["backend", "condition", "added", "clock", "pairs", "measured", "spread", "s/pair"]
    )
    for row in arms.itertuples():
        measured = f"{row.mean:+.2%} [{row.low:+.2%}, {row.high:+.2%}]"
        cells = [row.backend, row.condition, f"{row.added:.1%}", row.clock, row.pairs, measured]
        lines.append(_line([*map(str, cells), f"{row.spread:.2%}", f"{row.seconds:.0f}"]))
    return lines


def _figure(row: Any) -> str:
    return f"{row['count']}/{row['n']} = {row['rate']:.1%} [{row['low']:.1%}, {row['high']:.1%}]"


def _table(head: Sequence[str]) -> list[str]:
    return [_line(head), _line("---" for _ in head)]


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def proof_table(proof: pd.DataFrame) -> Table:
    """Return a table for a terminal: the gate's nonzero counts per condition and question."""
    table = Table(
        "condition",
        "rule",
        "question",
        "rate",
        title="Validation of the gate",
        title_justify="left",
        box=None,
    )
    nonzero = proof[(proof["rule"] == GATE) & (proof["count"] > 0)]
    for row in nonzero.itertuples():
        rate = f"{row.count}/{row.n} [{row.low:.1%}, {row.high:.1%}]"
        cells = (f"{row.where}, {row.slower}", row.rule, row.question, rate)
        table.add_row(*(Text(sanitize_line(str(cell))) for cell in cells))
    return table
