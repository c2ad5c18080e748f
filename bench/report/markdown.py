"""The comparison as Markdown, with what has to be known to believe it."""

from collections.abc import Iterable, Sequence

from bench.cell import BACKENDS
from bench.record import Record, Scalar
from bench.report.display import (
    EPOCH_FIGURES,
    FIT_FIGURES,
    MEMORY_FIGURES,
    METRIC_FIGURES,
    NOTE,
    Row,
    comparison_rows,
    conditions,
    figure_text,
    heading,
    reason_text,
    status_text,
)
from bench.report.frames import sorted_records
from bench.report.text import markdown_text

_FIGURES = (*FIT_FIGURES, *METRIC_FIGURES, *MEMORY_FIGURES)


def comparison_markdown(records: Sequence[Record], title: str) -> str:
    """Return the whole document: a table per comparison row, then how it was measured."""
    lines = [f"# {markdown_text(title)}", ""]
    if not records:
        return "\n".join([*lines, "There is no record yet.", ""])
    lines += [NOTE, ""]
    for row in comparison_rows(records):
        lines += [*_section(row), ""]
    return "\n".join([*lines, *_how_measured(sorted_records(records)), ""])


def _section(row: Row) -> list[str]:
    fingerprint = markdown_text(row["dataset_fingerprint"])
    official = "true" if row["dataset_official"] else "false"
    facts = f"`official: {official}`, fingerprint {fingerprint}"
    versions = f"Keras {row['keras_version'] or 'unknown'}, machine {row['machine_id']}"
    headings = ["backend", "epoch s: median [min to max], n", *(f.heading for f in _FIGURES)]
    notes = [
        f"- {backend}: {markdown_text(reason)}"
        for backend in BACKENDS
        if (reason := reason_text(row, backend))
    ]
    if row["unlike"]:
        notes.append(f"- No fastest backend: they differ in {markdown_text(row['unlike'])}.")
    return [
        f"## {markdown_text(heading(row))}",
        "",
        f"{markdown_text(conditions(row))}.",
        f"Dataset: {facts}. {markdown_text(versions)}.",
        "",
        _table_line(headings),
        _table_line(["---", *("---:" for _ in headings[1:])]),
        *(_table_line(_backend_texts(row, backend)) for backend in BACKENDS),
        *(["", *notes] if notes else []),
    ]


def _backend_texts(row: Row, backend: str) -> list[str]:
    name = f"**{backend}** (fastest)" if row["fastest_backend"] == backend else backend
    median, low, high, n = (figure_text(row, backend, figure) for figure in EPOCH_FIGURES)
    epoch = f"{median} [{low} to {high}], n={n}" if median else status_text(row, backend)
    return [name, epoch, *(figure_text(row, backend, figure) for figure in _FIGURES)]


def _table_line(texts: Iterable[str]) -> str:
    return f"| {' | '.join(texts)} |"


def _how_measured(records: Sequence[Record]) -> list[str]:
    """Return machine, versions, settings and commits, each unlike one once."""
    lines = [f"{record.cell.backend}: {_facts(record.versions)}" for record in records]
    settings = [
        f"{record.cell.backend}, {record.cell.precision}: {_facts(record.result.settings)}"
        for record in records
        if record.result
    ]
    commits = [
        "no git checkout"
        if record.git.commit is None
        else f"{record.git.commit}{' with uncommitted changes' if record.git.dirty else ''}"
        for record in records
    ]
    failed = sum(record.status == "failed" for record in records)
    return [
        "## How it was measured",
        "",
        f"{len(records)} records, {failed} of them failed; one process per record. "
        "Metrics, fit and first-step seconds are medians over the records, peak memory is the "
        "largest (MB = 1,000,000 bytes).",
        "",
        *_list("Machine", (_facts(record.machine) for record in records)),
        *_list("Versions", lines),
        *_list("Resolved settings", settings),
        *_list("Environment variables", (_facts(r.environment) for r in records if r.environment)),
        *_list("Dataset sources", (f"{r.dataset.name}: {r.dataset.source}" for r in records)),
        *_list("Harness commit", commits),
    ]


def _list(name: str, entries: Iterable[str]) -> list[str]:
    unlike = [f"  - {markdown_text(entry)}" for entry in dict.fromkeys(entries)]
    return [f"- {name}:", *unlike] if unlike else []


def _facts(facts: dict[str, Scalar] | dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(facts.items()))
