"""The comparison of two runs as Markdown."""

from collections.abc import Sequence

from bench.core.text import markdown_text
from bench.report.render.compare import (
    HEADINGS,
    NOTES,
    groups_of,
    lonely_lines,
    row_notes,
    row_texts,
)
from bench.report.render.format import Row, conditions, heading
from bench.report.render.markdown_sections import markdown_table


def compare_markdown(rows: Sequence[Row], a: str, b: str) -> str:
    """Return the whole document on the rows of the runs `a` and `b`."""
    lines = [f"# {markdown_text(b)} against {markdown_text(a)}", ""]
    lonely = lonely_lines(rows, {"A": a, "B": b})
    if lonely:
        lines += [f"## NOT COMPARED: {len(lonely)} of {len(rows)} cells are on one side only", ""]
        lines += [*(f"- **{markdown_text(line)}**" for line in lonely), ""]
    lines += [f"A is {markdown_text(a)}, B is {markdown_text(b)}.", ""]
    for group in groups_of(rows):
        texts = ([markdown_text(text) for text in row_texts(row)] for row in group)
        lines += [f"## {markdown_text(heading(group[0]))}", ""]
        lines += [f"{markdown_text(conditions(group[0]))}.", ""]
        lines += [*markdown_table(HEADINGS, texts, "---"), ""]
        notes = [f"- {markdown_text(note)}" for row in group for note in row_notes(row)]
        lines += [*notes, ""] if notes else []
    return "\n".join([*lines, "## How to read it", "", *(f"- {note}" for note in NOTES), ""])
