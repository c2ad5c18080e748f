"""The dataset verses: windows of 128 bytes from four old books, labelled with their book.

The text is in the repository, `verses.txt.xz` (attribution in verses.LICENSE.md).
"""

import hashlib
import lzma
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from data.errors import SourceUnreadableError
from data.source import Arrays, Source, embedded_bytes

BOOKS: Final = ("Ge", "Psa", "Isa", "Mat")
LENGTH: Final = 128
#: One chapter in five is test text, so that no test window overlaps a training window.
_TEST_EVERY: Final = 5
_FILE: Final = Path(__file__).with_name("verses.txt.xz")
_VERSE: Final = re.compile(rf"({'|'.join(BOOKS)})(\d+):\d+ (.+)")
_SHUFFLE_SEED: Final = 0


def verses_source() -> Source:
    """Return the source of verses; raises MissingSourceError or SourceUnreadableError."""
    content = embedded_bytes(_FILE)
    return Source(
        name="verses",
        key=f"verses-{hashlib.sha256(content).hexdigest()[:12]}",
        description="Genesis, Psalms, Isaiah and Matthew, King James Version, public domain",
        official=True,
        classes=len(BOOKS),
        read=lambda: _read(content),
    )


def _read(content: bytes) -> Arrays:
    """Return uint8 windows (n, 128) of ASCII text and int64 ids (n,) of their books."""
    parts: dict[str, list[tuple[npt.NDArray[np.uint8], int]]] = {"train": [], "test": []}
    for book, chapter, text in _chapters(content):
        part = "test" if chapter % _TEST_EVERY == 0 else "train"
        parts[part] += [(window, book) for window in windows(text)]
    # RandomState, because NumPy froze its stream for good; Generator's may change (NEP 19).
    random, arrays = np.random.RandomState(_SHUFFLE_SEED), Arrays()
    for part, pairs in parts.items():
        order = random.permutation(len(pairs))
        arrays[f"x_{part}"] = np.stack([pairs[i][0] for i in order])
        arrays[f"y_{part}"] = np.array([pairs[i][1] for i in order], np.int64)
    return arrays


def windows(text: str) -> npt.NDArray[np.uint8]:
    """Return the text's bytes in windows (n, 128) without overlap; a shorter rest is dropped."""
    characters = np.frombuffer(text.encode("ascii"), np.uint8)
    count = len(characters) // LENGTH
    return characters[: count * LENGTH].reshape(count, LENGTH)


def _chapters(content: bytes) -> Iterator[tuple[int, int, str]]:
    """Yield each chapter's book, number and verses, one verse a line."""
    try:
        lines = lzma.decompress(content).decode("ascii").splitlines()
        verses = [_VERSE.fullmatch(line).groups() for line in lines]  # type: ignore[union-attr]
    except (lzma.LZMAError, UnicodeDecodeError, AttributeError) as error:
        raise SourceUnreadableError(f"{_FILE} is damaged ({error}); check it out again.") from error
    for (book, chapter), group in groupby(verses, key=lambda verse: verse[:2]):
        yield BOOKS.index(book), int(chapter), "\n".join(verse[2] for verse in group)
