"""A target: a parser, the inputs that are thrown at it, and what it may do with them."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hypothesis.strategies import SearchStrategy

from bench.core.text import sanitize_line

#: Control and format characters, surrogates, and the separators of lines and paragraphs.
UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
#: What a sentence may have beside the name that it quotes, twice and with escapes.
MOST_CHARACTERS = 2_000


class Target(NamedTuple):
    """One parser.

    `read` gives it an input in an empty folder and uses what comes out as the harness does: what
    was accepted can be encoded again. `errors` are the parser's own, which end in one sentence.
    """

    name: str
    inputs: SearchStrategy[bytes]
    read: Callable[[bytes, Path], object]
    errors: tuple[type[Exception], ...]

    def feed(self, content: bytes, folder: Path) -> None:
        """Let the parser read `content`; any error but its own is passed on."""
        try:
            self.read(content, folder)
        except self.errors as error:
            check_sentence(str(error), content)


def check_sentence(told: str, content: bytes) -> None:
    """Raise an AssertionError unless this is a line that can be shown to whoever gave `content`."""
    assert sanitize_line(told), "the error says nothing"
    wrong = {c for c in told if unicodedata.category(c) in UNPRINTABLE}
    assert not wrong, f"{wrong} in what is no line of text: {told!r}"
    assert len(told) <= MOST_CHARACTERS + 12 * len(content), "that is no sentence"


def file_in(folder: Path, name: str, content: bytes) -> Path:
    """Return the file of that name, written with `content`."""
    path = folder / name
    path.write_bytes(content)
    return path


def argument(content: bytes) -> str:
    """Return the text as which Python gets these bytes on a command line."""
    return content.replace(b"\0", b"").decode("utf-8", "surrogateescape")
