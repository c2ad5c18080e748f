"""The layer tables as CSV, as Markdown and for a terminal."""

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
    StepCoverage,
    costs_of,
    failures_of,
    gaps_of,
    mismatched_layers,
    step_coverages,
    untimed_of,
)
from bench.profiling.samples import ProcessSamples
from bench.report.files import write_csv, write_text

#: The number of gaps per workload in the report; gaps.csv has all.
SHOWN: Final = 10

_HEAD: Final = ("layer", "slower", "faster", "ms slower per step", "ratio")
_COVERAGE_HEAD: Final = (
    "workload",
    "backend",
    "step",
    "layers + update",
    "model + update",
    "empty call",
)

_HOW: Final = """## How it was measured

- Each backend and round has a fresh process; the order alternates between rounds (A B C, C B A).
  The process builds the workload, runs one forward pass of a training step and stores the inputs of
  every layer call. It then repeats each call alone on the same tensors, as `fit` runs it (compiled
  or eager).
- A layer's time covers the forward pass and the gradients that a training step needs: those of the
  weights and of inputs that depend on a weight. Calls that do the same work (layers that differ
  only in their weights, equal shapes) are timed once and counted as often as they occur.
- The value of a process is the median of its repetitions. Two backends are compared within each
  round. The tables show medians over rounds with 95% intervals, which need six rounds.
- A layer alone includes the overhead of its own call and the writing of its outputs to memory. A
  compiled step has these costs once or not at all, so the first table compares the sum with the
  step. The rest of a step is the loss, the metrics and the selection of its batch.
- Raw seconds are in samples.jsonl; `python -m bench profile-layers --from FOLDER` writes the other
  files again."""


class Findings:
    """The results of the raw rows: costs, gaps, coverages, and a sentence per missing item."""

    def __init__(self, samples: Sequence[ProcessSamples]) -> None:
        """Compute all results from the rows."""
        self.samples = samples
        self.costs: list[Cost] = costs_of(samples)
        self.gaps: list[Gap] = gaps_of(self.costs)
        self.coverages: list[StepCoverage] = step_coverages(self.costs)
        self.failures = failures_of(samples)
        self.notes = [*untimed_of(self.costs), *mismatched_layers(self.costs)]

    @property
    def top(self) -> list[Gap]:
        """The largest gaps of layers and the update, at most SHOWN per workload."""
        kept: dict[str, list[Gap]] = {}
        for gap in self.gaps:
            if gap.row.direction == "update" or (gap.row.scope, gap.row.direction) == (
                "layer",
                "gradient",
            ):
                kept.setdefault(gap.row.workload, []).append(gap)
        return [gap for gaps in kept.values() for gap in gaps[:SHOWN]]


def write_findings(folder: Path, findings: Findings) -> None:
    """Write layers.csv, gaps.csv and layers.md, each atomically; OSError if that fails."""
    write_csv(folder / "layers.csv", layers_frame(findings.costs))
    write_csv(folder / "gaps.csv", gaps_frame(findings.gaps))
    write_text(folder / "layers.md", layers_markdown(findings))


def findings_tables(findings: Findings) -> list[Table]:
    """Return tables for a terminal: each workload's largest gaps and step coverage."""
    tables = []
    for workload in dict.fromkeys(gap.row.workload for gap in findings.top):
        title = f"{workload}: largest gaps between backends, forward and gradient"
        rows = [_gap_texts(gap) for gap in findings.top if gap.row.workload == workload]
        tables.append(_table(title, _HEAD, rows))
    title = "Each backend's own step, and the sum of its parts when timed alone"
    rows = [_coverage_texts(coverage) for coverage in findings.coverages]
    return [*tables, _table(title, _COVERAGE_HEAD, rows)]


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


def _coverage_texts(coverage: StepCoverage) -> tuple[str, ...]:
    layers = f"{coverage.layers:.0%}"
    if coverage.layers_interval is not None:
        layers += f" [{coverage.layers_interval.low:.0%}, {coverage.layers_interval.high:.0%}]"
    layers += f" in {coverage.calls} calls"
    if coverage.missing:
        layers += f", {coverage.missing} not timed"
    return (
        coverage.workload,
        coverage.backend,
        f"{1000 * coverage.step_seconds:.2f} ms",
        layers,
        "–" if coverage.model is None else f"{coverage.model:.0%}",
        "–" if coverage.empty_seconds is None else f"{1000 * coverage.empty_seconds:.3f} ms",
    )


def layers_markdown(findings: Findings) -> str:
    """Return the document: the steps, the gaps, missing items and the method."""
    lines = ["# The cost of each layer", ""]
    rows = [_coverage_texts(coverage) for coverage in findings.coverages]
    lines += _markdown(_COVERAGE_HEAD, rows)
    for workload in dict.fromkeys(gap.row.workload for gap in findings.top):
        rows = [_gap_texts(gap) for gap in findings.top if gap.row.workload == workload]
        lines += [
            "",
            f"## {escape_markdown(workload)}: largest gaps",
            "",
            *_markdown(_HEAD, rows),
        ]
    missing = [*findings.failures, *findings.notes]
    if missing:
        lines += [
            "",
            "## Missing",
            "",
            *(f"- {escape_markdown(text)}" for text in missing),
        ]
    lines += ["", _HOW, *_context(findings.samples), ""]
    return "\n".join(lines)


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(map(escape_markdown, row))} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"| {' | '.join('---' for _ in head)} |", *body]


def _context(samples: Sequence[ProcessSamples]) -> list[str]:
    """Return a line per fact about workloads, machines, versions and settings, each once."""
    lines: dict[str, None] = {}
    for process in samples:
        lines[f"{process.workload}: batches of {process.batch_size} of {process.dataset}"] = None
        lines[f"machine: {_facts_text(process.machine)}"] = None
        lines[f"{process.backend}: {_facts_text(process.versions)}"] = None
        lines[f"{process.backend}, {process.workload}: {_facts_text(process.settings)}"] = None
        lines[f"harness: commit={process.commit}"] = None
    return [f"- {escape_markdown(line)}" for line in sorted(lines)]


def _facts_text(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))
