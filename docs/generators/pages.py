"""Pages whose text lies elsewhere in the checkout: in its root, and beside published results."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from bench.core.paths import CHECKOUT

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?P<target>[^)\s]+)\)")


_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)


def turned_links(text: str, source: Path, page: Path, pages: Mapping[Path, Path]) -> str:
    """Return the `text` of `source` as it must stand in `page`, with its relative links turned.

    `pages` maps files of the checkout to the pages that hold their text. A link to another page of
    the site leads there, an image is taken from its place, and of a link to anything else in the
    checkout the text stays, with the path behind it.
    """

    def turned(match: re.Match[str]) -> str:
        image, words, target = match["image"], match["text"], match["target"]
        if re.match(r"[a-z]+:|#", target):
            return match[0]
        place, anchor = re.match(r"([^#]*)(.*)", target).groups()  # type: ignore[union-attr]
        file = (source.parent / place).resolve()
        if image:
            return f"![{words}]({_relative(file, page)})"
        if file in pages or (CHECKOUT / "docs" in file.parents and file.suffix == ".md"):
            return f"[{words}]({_relative(pages.get(file, file), page)}{anchor})"
        path = os.path.relpath(file, CHECKOUT)
        return words if words.strip("`/") == path else f"{words} (`{path}`)"

    parts = _FENCED.split(text)
    return "".join(part if part.startswith("```") else _LINK.sub(turned, part) for part in parts)


def even_headings(text: str) -> str:
    """Return the text of a page with its headings one level below each other, none left out."""
    above: list[int] = []
    lines, fenced = [], False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        match = None if fenced else re.match(r"(#+) (.*)", line)
        if match:
            level = len(match[1])
            above = [*(each for each in above if each < level), level]
            line = f"{'#' * len(above)} {match[2]}"
        lines.append(line)
    return "\n".join(lines) + "\n"


def _relative(file: Path, page: Path) -> str:
    return Path(os.path.relpath(file, page.parent)).as_posix()
