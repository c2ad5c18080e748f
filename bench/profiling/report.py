"""The tables of layers as CSV, as Markdown and on a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.table import Table
from rich.text import Text

from bench.core.text import escape_markdown, sanitize_line
from bench.profiling.columns import gaps_frame, layers_frame
from bench.profiling.costs import (
    Cost,
    Gap,
    Whole,
    costs_of,
    failures_of,
    gaps_of,
    mismatched_layers,
    totals_of,
    untimed_of,
)
from bench.profiling.samples import ProcessSamples
from bench.report.files import write_csv, write_text

#: Gaps of a workload that are told; gaps.csv has all.
SHOWN: Final = 10

_HEAD: Final = ("layer", "slower", "faster", "ms slower per step", "ratio")
_WHOLE: Final = ("workload", "backend", "step", "layers + update", "model + update", "empty call")

_HOW: Final = """## How it was measured

- A fresh process per backend and round, in rounds of alternating order (A B C, C B A). Each builds
  the workload, makes one forward pass of a training step and keeps what every call of a layer was
  given; then it makes each call alone, again and again, on the same tensors, as `fit` runs it
  (compiled or eager).
- A layer's time is that of the forward pass and the gradient behind it, of the weights and of those
  inputs that depend on a weight: what a training step needs. Calls that do the same work (the same
  layer but for its weights, the same shapes) are timed once and counted as often as they come.
- A process's figure is the median of its repetitions; two backends are compared within each round;
  reported are medians over rounds with their 95% intervals, which need six rounds.
- A layer alone pays for its own call and for its outputs' way to memory, which a compiled step pays
  once or not at all: the first table compares the sum with the step. The rest of a step is
  the loss, the metrics and the drawing of its batch.
- Raw seconds are in samples.jsonl; `python -m bench profile-layers --from FOLDER` makes the rest
  again."""


class Findings:
    """What the raw rows say: costs, gaps, wholes, and a sentence for each thing that is missing."""

    def __init__(self, visits: Sequence[ProcessSamples]) -> None:
        """Make all tables of the rows."""
        self.visits = visits
        self.costs: list[Cost] = costs_of(visits)
        self.gaps: list[Gap] = gaps_of(self.costs)
        self.wholes: list[Whole] = totals_of(self.costs)
        self.failures = failures_of(visits)
        self.notes = [*untimed_of(self.costs), *mismatched_layers(self.costs)]

    @property
    def top(self) -> list[Gap]:
        """The widest gaps of a step's parts, SHOWN per workload: layers and the update."""
        kept: dict[str, list[Gap]] = {}
        for gap in self.gaps:
            if gap.row.direction == "update" or (gap.row.scope, gap.row.direction) == (
                "layer",
                "gradient",
            ):
                kept.setdefault(gap.row.workload, []).append(gap)
        return [gap for own in kept.values() for gap in own[:SHOWN]]


def write_findings(folder: Path, findings: Findings) -> None:
    """Write layers.csv, gaps.csv and layers.md, each whole or not at all; OSError if that fails."""
    write_csv(folder / "layers.csv", layers_frame(findings.costs))
    write_csv(folder / "gaps.csv", gaps_frame(findings.gaps))
    write_text(folder / "layers.md", layers_markdown(findings))


def findings_tables(findings: Findings) -> list[Table]:
    """Return for a terminal: the widest gaps of each workload, and how far the layers explain."""
    tables = []
    for workload in dict.fromkeys(gap.row.workload for gap in findings.top):
        title = f"{workload}: the widest gaps between backends, forward and gradient"
        rows = [_gap_texts(gap) for gap in findings.top if gap.row.workload == workload]
        tables.append(_table(title, _HEAD, rows))
    title = "Each backend's own step, and what its parts add up to when timed alone"
    return [*tables, _table(title, _WHOLE, [_whole_texts(whole) for whole in findings.wholes])]


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(sanitize_line(text)) for text in row))
    return table


def _gap_texts(gap: Gap) -> tuple[str, ...]:
    times = f"{gap.row.calls} × " if gap.row.calls > 1 else ""
    difference, ratio = f"{1000 * gap.difference_seconds:.2f}", "no interval"
    if gap.difference is not None:
        low, high = 1000 * gap.difference.low, 1000 * gap.difference.high
        difference += f" [{low:.2f}, {high:.2f}]"
    if gap.ratio is not None:
        ratio = f"{gap.ratio.median:.2f} [{gap.ratio.low:.2f}, {gap.ratio.high:.2f}]"
    return (
        f"{times}{gap.row.name} ({gap.row.layer_class})",
        f"{gap.slower} {1000 * gap.slower_seconds:.2f}",
        f"{gap.faster} {1000 * gap.faster_seconds:.2f}",
        difference,
        ratio,
    )


def _whole_texts(whole: Whole) -> tuple[str, ...]:
    layers = f"{whole.layers:.0%}"
    if whole.layers_interval is not None:
        layers += f" [{whole.layers_interval.low:.0%}, {whole.layers_interval.high:.0%}]"
    layers += f" in {whole.calls} calls"
    if whole.missing:
        layers += f", {whole.missing} not timed"
    return (
        whole.workload,
        whole.backend,
        f"{1000 * whole.step_seconds:.2f} ms",
        layers,
        "–" if whole.model is None else f"{whole.model:.0%}",
        "–" if whole.empty_seconds is None else f"{1000 * whole.empty_seconds:.3f} ms",
    )


def layers_markdown(findings: Findings) -> str:
    """Return the whole document: the steps, the gaps, what is missing and how it was measured."""
    lines = ["# What each layer costs", ""]
    lines += _markdown(_WHOLE, [_whole_texts(whole) for whole in findings.wholes])
    for workload in dict.fromkeys(gap.row.workload for gap in findings.top):
        rows = [_gap_texts(gap) for gap in findings.top if gap.row.workload == workload]
        lines += [
            "",
            f"## {escape_markdown(workload)}: the widest gaps",
            "",
            *_markdown(_HEAD, rows),
        ]
    missing = [*findings.failures, *findings.notes]
    if missing:
        lines += [
            "",
            "## What is missing",
            "",
            *(f"- {escape_markdown(text)}" for text in missing),
        ]
    lines += ["", _HOW, *_context(findings.visits), ""]
    return "\n".join(lines)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(map(escape_markdown, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |", *body]


def _context(visits: Sequence[ProcessSamples]) -> list[str]:
    """Return with what all of it was made, each fact once."""
    lines: dict[str, None] = {}
    for visit in visits:
        lines[f"{visit.workload}: batches of {visit.batch_size} of {visit.dataset}"] = None
        lines[f"machine: {_facts(visit.machine)}"] = None
        lines[f"{visit.backend}: {_facts(visit.versions)}"] = None
        lines[f"{visit.backend}, {visit.workload}: {_facts(visit.settings)}"] = None
        lines[f"harness: commit={visit.commit}"] = None
    return [f"- {escape_markdown(line)}" for line in sorted(lines)]


def _facts(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))
