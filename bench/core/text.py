"""Untrusted text made safe to print: reasons, names and errors may hold any characters."""

import re
import unicodedata
from typing import ClassVar

from bench.core.exit_codes import ExitCode

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")


class BenchError(Exception):
    """An error that ends a command in one sentence and in the exit code of its class.

    The sentence may quote names and files: it is stripped of all that could steer a terminal.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.USAGE

    def __init__(self, sentence: str) -> None:
        """Keep the sentence on one line, without control characters."""
        super().__init__(sanitize_line(sentence))


def sanitize_line(text: str) -> str:
    """Return `text` without terminal escapes, control and format characters, on one line."""
    if text.isprintable():  # nearly always
        return " ".join(text.split())
    return " ".join(_visible(_ESCAPE.sub("", text)).split())


def sanitize_lines(text: str) -> str:
    """Return `text` without terminal escapes, control and format characters; lines stay lines."""
    return "\n".join(_visible(line).rstrip() for line in _ESCAPE.sub("", text).splitlines())


def _visible(text: str) -> str:
    return "".join(" " if unicodedata.category(c) in {"Cc", "Cf", "Cs"} else c for c in text)


def escape_csv(text: str) -> str:
    """Return one line that a spreadsheet does not run as a formula: a quote precedes `= + - @`."""
    line = sanitize_line(text)
    return f"'{line}" if line.startswith(("=", "+", "-", "@")) else line


def escape_markdown(text: str) -> str:
    """Return one line of Markdown that shows `text` unchanged, also inside a table's cell."""
    line = sanitize_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"[\\`*~|\[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\\g<0>", line)
