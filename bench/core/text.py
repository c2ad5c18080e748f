"""Text from records made harmless: reasons and names hold whatever a framework printed."""

import re

from bench.core.line import one_line, plain_lines

__all__ = ["csv_text", "markdown_text", "one_line", "plain_lines"]


def csv_text(text: str) -> str:
    """Return one line that no spreadsheet runs as a formula: a quote precedes `= + - @`."""
    line = one_line(text)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def markdown_text(text: str) -> str:
    """Return one line of Markdown that shows `text` as it is, in a table's cell too."""
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[\\`*~|\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\\g<0>", line)
