"""The comparison of two runs, with the same text in Markdown, on a page and on a terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from bench.core.headline import VAL_ACCURACY
from bench.core.text import escape_markdown, sanitize_line
from bench.report.charts.vega import forest
from bench.report.files import write_csv, write_text
from bench.report.render.format import Row, conditions, heading
from bench.report.render.headline import headline_text
from bench.report.render.html.template import render
from bench.report.render.markdown_sections import markdown_table
from bench.report.tables.compare_runs import FEWEST_LAUNCHES
from bench.stats.stability import CALIBRATION_BOUND

_TIME_HEADINGS: Final = ("backend", "A epoch s", "B epoch s", "B / A")

NOTES: Final = (
    "Epoch seconds: the median over the launches (n) of each launch's median epoch, without the "
    "first epoch and without validation.",
    "B / A: above 1, B is slower. In brackets: the 95% confidence interval, from the ranks of the "
    "launches. It covers the noise between launches, but not a change of the machine between the "
    "two runs.",
    "A ratio is given only with its interval, which needs at least "
    f"{FEWEST_LAUNCHES} launches of each run.",
)

_BOUND: Final = f"the bound is {CALIBRATION_BOUND:.0%}"


def groups_of(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of cells in both runs, grouped so that a group differs only in backend."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["sides"] == "both":
            groups.setdefault((heading(row), conditions(row)), []).append(row)
    return list(groups.values())


def only_in_one_lines(rows: Sequence[Row], names: dict[str, str]) -> list[str]:
    """Return one line per cell of only one run; `names` are the names of the runs A and B."""
    lines = []
    for row in rows:
        if row["sides"] != "both":
            present = row["sides"][-1]
            other = "B" if present == "A" else "A"
            lines.append(
                f"{row['cell_id']}: only in {present} ({names[present]}), missing in {other} "
                f"({names[other]})"
            )
    return lines


def group_headings(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the headings of a group's table, with the name of the headline metric."""
    metrics = sorted({row["headline_metric"] for row in rows if row["headline_metric"]})
    name = sanitize_line(metrics[0]) if len(metrics) == 1 else "headline" if metrics else ""
    name = name or VAL_ACCURACY
    return (*_TIME_HEADINGS, f"A {name}", f"B {name}", "B - A")


def row_texts(row: Row) -> list[str]:
    """Return the texts of a row, in the order of `group_headings`."""
    return [
        row["backend"],
        *(_seconds_text(row, side) for side in "ab"),
        _ratio_text(row),
        *(_headline_text(row, side) for side in "ab"),
        _difference_text(row),
    ]


def comparison_notes(row: Row) -> list[str]:
    """Return the facts of a row that the table does not show, each after its backend's name."""
    notes = []
    if row["across_machines"]:
        notes.append(f"ACROSS MACHINES: A on {row['machine_a']}, B on {row['machine_b']}")
    for side in "ab":
        failed = row[f"failed_{side}"]
        if failed:
            total = failed + row[f"launches_{side}"]
            notes.append(f"{failed} of {total} launches failed in {side.upper()}")
    if row["parity"] not in (None, "unchanged"):
        notes.append(f"parity: {row['parity']}")
    if row["headline_reason"]:
        notes.append(f"no headline metric: {row['headline_reason']}")
    if row["changed"]:
        notes.append(f"A -> B: {row['changed']}")
    return [f"{row['backend']}: {note}" for note in notes]


def _seconds_text(row: Row, side: str) -> str:
    seconds = row[f"epoch_seconds_{side}"]
    return "" if seconds is None else f"{seconds:.3f} (n={row[f'launches_{side}']})"


def _headline_text(row: Row, side: str) -> str:
    value = row[f"headline_{side}"]
    return "" if value is None or row["headline_metric"] is None else headline_text(value)


def _ratio_text(row: Row) -> str:
    """Return `1.05 [1.02, 1.08] slower`, or the reason why there is no ratio."""
    if row["time"] == "ok":
        low, high = row["seconds_ratio_low"], row["seconds_ratio_high"]
        verdict = "slower" if low > 1 else "faster" if high < 1 else "undecided"
        return f"{row['seconds_ratio']:.3f} [{low:.3f}, {high:.3f}] {verdict}"
    drifts = [d for kernel in ("gemm", "copy") if (d := row[f"{kernel}_drift"]) is not None]
    texts = {
        "mixed": "none: one run has records of different code, data or versions",
        "no time": "none: one run has only failed launches and first epochs",
        "mismatched": "none: the timing protocol changed between A and B",
        "too few launches": f"no interval: {_launches(row)}",
        "unstable": f"none: the calibration drifted by {max(drifts):.1%}, {_BOUND}"
        if drifts
        else "none: no calibration shows that the machine was steady",
    }
    return texts[row["time"]]


def _difference_text(row: Row) -> str:
    """Return `+0.0020 [-0.0010, +0.0040]`, or the reason why there is no difference."""
    difference = row["headline_difference"]
    if difference is None:
        known = row["headline_a"] is not None and row["headline_b"] is not None
        return f"no interval: {_launches(row)}" if known else ""
    ends = (row["headline_difference_low"], row["headline_difference_high"])
    low, high = (_signed(value) for value in ends)
    return f"{_signed(difference)} [{low}, {high}]"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{headline_text(abs(value))}"


def _launches(row: Row) -> str:
    a, b = row["launches_a"], row["launches_b"]
    if a == b:
        return f"{a} launch{'' if a == 1 else 'es'} each"
    return f"{a} and {b} launches"


def compare_markdown(rows: Sequence[Row], a: str, b: str) -> str:
    """Return the complete document on the rows of the runs `a` and `b`."""
    lines = [f"# {escape_markdown(b)} against {escape_markdown(a)}", ""]
    only_in_one = only_in_one_lines(rows, {"A": a, "B": b})
    if only_in_one:
        lines += [
            f"## NOT COMPARED: {len(only_in_one)} of {len(rows)} cells are in only one run",
            "",
        ]
        lines += [*(f"- **{escape_markdown(line)}**" for line in only_in_one), ""]
    lines += [f"A is {escape_markdown(a)}, B is {escape_markdown(b)}.", ""]
    for group in groups_of(rows):
        texts = ([escape_markdown(text) for text in row_texts(row)] for row in group)
        lines += [f"## {escape_markdown(heading(group[0]))}", ""]
        lines += [f"{escape_markdown(conditions(group[0]))}.", ""]
        headings = [*_TIME_HEADINGS, *map(escape_markdown, group_headings(group)[4:])]
        lines += [*markdown_table(headings, texts, "---"), ""]
        notes = [f"- {escape_markdown(note)}" for row in group for note in comparison_notes(row)]
        lines += [*notes, ""] if notes else []
    return "\n".join([*lines, "## How to read it", "", *(f"- {note}" for note in NOTES), ""])


#: The chart shows at most this many ratios; the tables contain all.
MOST_DRAWN: Final = 100
#: The height of one ratio, and of the axis, in pixels.
_LINE_HEIGHT: Final = 24
_AXIS_HEIGHT: Final = 20


def compare_page(rows: Sequence[Row], a: str, b: str) -> str:
    """Return the page on the rows of the runs `a` and `b`; all text from records is escaped."""
    ratios = [_chart_row(row) for row in rows if row["time"] == "ok"]
    shown = ratios[:MOST_DRAWN]
    height = _AXIS_HEIGHT + _LINE_HEIGHT * len(shown)
    fields = (("name", "cell", ""), ("cell", "full name", ""))
    return render(
        "compare.html.j2",
        title=f"{b} against {a}",
        charts={"changes": forest("changes", "B / A", *fields, height=height)},
        rows=[{"changes": shown}] if shown else [],
        a=a,
        b=b,
        cells=len(rows),
        only_in_one=only_in_one_lines(rows, {"A": a, "B": b}),
        drawn=len(shown),
        ratios=len(ratios),
        groups=[
            {
                "heading": heading(group[0]),
                "conditions": conditions(group[0]),
                "headings": group_headings(group),
                "lines": [row_texts(row) for row in group],
                "notes": [note for row in group for note in comparison_notes(row)],
            }
            for group in groups_of(rows)
        ],
        notes=NOTES,
    )


def _chart_row(row: Row) -> dict[str, Any]:
    name = f"{row['workload']}, {row['backend']}, {row['lane']}"
    ends = {end: row[f"seconds_ratio_{end}"] for end in ("low", "high")}
    return {"name": name, "cell": row["cell_id"], "ratio": row["seconds_ratio"], **ends}


def compare_renderables(rows: Sequence[Row], a: str, b: str) -> list[RenderableType]:
    """Return the printed text on the rows of `a` and `b`: missing cells, tables and notes."""
    only_in_one = only_in_one_lines(rows, {"A": a, "B": b})
    parts: list[RenderableType] = [Text(sanitize_line(f"A: {a}, B: {b}"))]
    if only_in_one:
        title = f"NOT COMPARED: {len(only_in_one)} of {len(rows)} cells are in only one run"
        parts += [Text(title, style="bold red")]
        parts += [Text(sanitize_line(line), style="red") for line in only_in_one]
    for group in groups_of(rows):
        notes = [sanitize_line(note) for row in group for note in comparison_notes(row)]
        parts += [Text(), _table(group), *(Text(note) for note in notes)]
    return [*parts, Text(), Text("\n".join(NOTES), style="dim")]


def _table(rows: Sequence[Row]) -> Table:
    title = Text(f"{sanitize_line(heading(rows[0]))}\n{sanitize_line(conditions(rows[0]))}")
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name in map(escape, group_headings(rows)):
        table.add_column(
            name.replace("val_", "val_\n").replace("epoch ", "epoch\n"), overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(sanitize_line(text)) for text in row_texts(row)))
    return table


def write_comparison(
    folder: Path, frame: pd.DataFrame, rows: Sequence[Row], a: str, b: str
) -> Path:
    """Write compare.csv, compare.md and compare.html; return the path of compare.csv.

    A missing folder is created. Raise OSError if it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "compare.csv", frame)
    write_text(folder / "compare.md", compare_markdown(rows, a, b))
    write_text(folder / "compare.html", compare_page(rows, a, b))
    return folder / "compare.csv"
