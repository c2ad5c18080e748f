"""What the contract tests read from Markdown: pages, fenced blocks, links."""

import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from bench.core.paths import CHECKOUT
from docs.generate import ROOT_PAGES

DOCS = CHECKOUT / "docs"
NOT_EXECUTED = DOCS / "not-executed.toml"

_PARSER = MarkdownIt("commonmark").enable("table")
#: MyST's directives that hold no example.
_DIRECTIVE = re.compile(r"\{(?P<name>[\w-]+)\}\s*(?P<argument>.*)")


class Block(NamedTuple):
    """One fenced block: the page's path in the checkout, the line of its fence, from 1."""

    page: str
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it stands, as a test's name has it."""
        return f"{self.page}:{self.line}"

    @property
    def first_line(self) -> str:
        """The line by which `not-executed.toml` names it."""
        return self.text.partition("\n")[0]


def pages() -> list[Path]:
    """Return README.md, the root's other pages and every page of docs/ that somebody wrote."""
    written = [
        path
        for path in sorted(DOCS.rglob("*.md"))
        if not {"_build", "_generated"} & set(path.relative_to(DOCS).parts)
    ]
    return [*(CHECKOUT / name for name in ("README.md", *ROOT_PAGES)), *written]


def blocks_of(path: Path) -> list[Block]:
    """Return the fenced blocks of a page that are examples, in its order."""
    return [*_blocks(path.read_text("utf-8"), path.relative_to(CHECKOUT).as_posix())]


def _blocks(text: str, page: str) -> Iterator[Block]:
    for token in _PARSER.parse(text):
        if token.type != "fence" or token.map is None:
            continue
        language = token.info.strip()
        if directive := _DIRECTIVE.match(language):
            if directive["name"] != "code-block":
                continue
            language = directive["argument"]
        yield Block(page, token.map[0] + 1, language, token.content)


def links_of(path: Path) -> list[str]:
    """Return the targets of the links and images of a page, outside of code."""
    found = []
    for token in _PARSER.parse(path.read_text("utf-8")):
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            if target:
                found.append(str(target))
    return found


def first_paragraph(path: Path) -> str:
    """Return the text of the first paragraph of a page, empty where it has none."""
    tokens = _PARSER.parse(path.read_text("utf-8"))
    for before, token in pairwise(tokens):
        if before.type == "paragraph_open":
            return " ".join(token.content.split())
    return ""


def reasons_not_executed() -> dict[tuple[str, str], str]:
    """Return why a block is not executed, by its page and its first line."""
    listed = tomllib.loads(NOT_EXECUTED.read_text("utf-8"))["block"]
    return {(each["page"], each["begins"]): each["reason"] for each in listed}


def languages_not_executed() -> dict[str, str]:
    """Return why no block of a language is executed, by the language."""
    listed = tomllib.loads(NOT_EXECUTED.read_text("utf-8"))["language"]
    return {each["name"]: each["reason"] for each in listed}
