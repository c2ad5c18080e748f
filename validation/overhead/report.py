"""The measured pairs and their verdicts as CSV, as Markdown and as a table on a terminal."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from rich.table import Table

from bench.core.text import escape_markdown
from bench.report.files import write_text
from bench.system.interpreter import Interpreter
from bench.system.machine import git_facts, machine_facts
from validation.overhead.pairs import CostPair
from validation.overhead.verdict import CostVerdict, judge_cost

_HEAD: Final = ("backend", "quantity", "pairs", "median [95% interval]", "target", "verdict")
_STYLES: Final = {"met": "green", "missed": "red"}

_HOW: Final = """## How it was measured

- Everything is lab_baseline, batch size 64, on synthetic images; raw pairs are in overhead.csv.
- Epochs: one warm process trains epochs of about 0.1 s (16x16x1 images) alternately without and
  with our callback, in the order A B, B A, and so on. The first and the last callback of the epoch
  time both, including validation. The reported value is 1 + the median of the pairs' differences /
  1 s, because the callback does the same few operations in an epoch of any length.
- Launches: processes from start to exit, alternately: a plain script of about 30 lines, and a
  launch of the same cell through the harness (2 epochs of 512 32x32x3 images), in the same
  environment. The calibration before and after a launch of a run, about half a second each, is not
  included.
- Share of a core: user and system time of the harness's own process over the length of a launch.
- met, missed: the whole interval lies inside or outside the target; undecided: the interval
  contains an edge of the target."""


def cost_table(pairs: Sequence[CostPair]) -> Table:
    """Return a row per backend and target."""
    table = Table(*_HEAD, title="Cost of the harness", title_justify="left", box=None)
    for verdict in judge_cost(pairs):
        table.add_row(*_row(verdict), style=_STYLES.get(verdict.verdict, ""))
    return table


def overhead_csv(pairs: Sequence[CostPair]) -> str:
    """Return the raw pairs as CSV, a row each; fields that a kind does not have are empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, CostPair.__struct_fields__, lineterminator="\n")
    writer.writeheader()
    writer.writerows(msgspec.structs.asdict(pair) for pair in pairs)
    return text.getvalue()


def verdict_lines(pairs: Sequence[CostPair]) -> list[str]:
    """Return a Markdown table with a row per backend and target."""
    rows = [_line(map(escape_markdown, _row(verdict))) for verdict in judge_cost(pairs)]
    return [_line(_HEAD), _line("---" for _ in _HEAD), *rows]


def overhead_markdown(
    pairs: Sequence[CostPair], failures: Sequence[str], interpreters: Sequence[Interpreter]
) -> str:
    """Return the document: the verdicts, the failures and the method."""
    lines = ["# The cost of the harness", "", *verdict_lines(pairs)]
    if failures:
        lines += ["", *(f"- Failed: {escape_markdown(failure)}" for failure in failures)]
    git = git_facts()
    lines += ["", _HOW, f"- Machine: {_facts(machine_facts())}"]
    lines += [f"- {each.backend}: {_facts(each.versions)}" for each in interpreters]
    lines += [f"- Harness: commit={git.commit}, uncommitted changes={git.dirty}", ""]
    return "\n".join(lines)


def write_overhead(
    folder: Path,
    pairs: Sequence[CostPair],
    failures: Sequence[str],
    interpreters: Sequence[Interpreter],
) -> None:
    """Write overhead.csv and overhead.md, each atomically; OSError if that fails."""
    write_text(folder / "overhead.csv", overhead_csv(pairs))
    write_text(folder / "overhead.md", overhead_markdown(pairs, failures, interpreters))


def _row(verdict: CostVerdict) -> tuple[str, ...]:
    target = verdict.target
    return (
        verdict.backend,
        target.quantity,
        str(verdict.n),
        verdict.figure,
        target.text,
        verdict.verdict,
    )


def _line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _facts(facts: Mapping[str, object]) -> str:
    return escape_markdown(", ".join(f"{name}={value}" for name, value in sorted(facts.items())))
