"""Markdown as the generators write it: tables, and files that change only when their text does."""

from collections.abc import Iterable, Sequence
from pathlib import Path


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Return a Markdown table; the columns with an index in `right` are aligned to the right."""
    rules = ["---:" if index in right else "---" for index in range(len(head))]
    return "\n".join(_line(cells) for cells in (head, rules, *rows)) + "\n"


def _line(cells: Sequence[str]) -> str:
    escaped = (" ".join(cell.split()).replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def write_if_changed(path: Path, text: str) -> None:
    """Write `text` to `path` unless it is there already: Sphinx reads again what changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
