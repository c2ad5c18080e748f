"""The parts of docs/results/upstream.md: a section per finding, its script, table and issue."""

import re
from pathlib import Path
from typing import NamedTuple

from bench.core.paths import CHECKOUT
from tests.upstream.effects import VERSIONS, effects_table, numeric_scripts, script_path
from tests.upstream.timings import timings_table

PAGE = CHECKOUT / "docs" / "results" / "upstream.md"
_INCLUDE = re.compile(r"^```\{literalinclude\} (\S+)$", re.MULTILINE)
_ISSUE = re.compile(
    r"^```\{code-block\} markdown\n:caption: Issue for (\S+)\n\n# ([^\n]+)\n\n(.*?)\n^```$",
    re.MULTILINE | re.DOTALL,
)


class Issue(NamedTuple):
    """An issue as the page has it, with `[table]` and `[script]` for what is filled in."""

    repository: str
    title: str
    body: str


class Section(NamedTuple):
    """A finding: its heading and all text below, up to the next heading."""

    heading: str
    text: str

    @property
    def includes(self) -> list[Path]:
        """The files that the section includes, as paths in the checkout."""
        return [(PAGE.parent / path).resolve() for path in _INCLUDE.findall(self.text)]

    @property
    def script(self) -> str:
        """The name of its reproduction, the first that it includes."""
        return self.includes[0].stem

    @property
    def issue(self) -> Issue | None:
        """The issue to file; None where nothing is to be filed."""
        found = _ISSUE.search(self.text)
        return Issue(*found.groups()) if found else None


def sections_of(page: str) -> list[Section]:
    """Return the sections of the page's text that include a file, in their order."""
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)[1:]
    sections = [Section(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
    return [section for section in sections if section.includes]


def table_of(script: str) -> str:
    """Return the Markdown table that the section of `script` must have."""
    return effects_table(script) if script in numeric_scripts() else timings_table(script)


def complete(issue: Issue, script: str) -> str:
    """Return the text to file: repository, title and body with table, script and versions."""
    code = script_path(script).read_text(encoding="utf-8").strip()
    body = issue.body.replace("[table]", table_of(script))
    body = body.replace("[script]", f"```python\n{code}\n```")
    versions = ", ".join(f"{package} {version}" for package, version in VERSIONS.items())
    heading = f"Repository: {issue.repository}\nTitle: {issue.title}"
    return f"{heading}\n\n{body}\n\nVersions: {versions}; Linux, x86-64, CPU only.\n"
