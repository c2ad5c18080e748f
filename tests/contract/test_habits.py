"""The pages for contributors stay true: links, paths, commands, fragments, pins, decisions."""

import configparser
import re
import subprocess
import sys
import tomllib
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

import bench
from bench.core.paths import CHECKOUT

PAGES: Final = sorted(
    [
        *(CHECKOUT / name for name in ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
        *(CHECKOUT / "docs" / "decisions").glob("*.md"),
        *(CHECKOUT / "changelog.d").glob("*.md"),
        CHECKOUT / "docs" / "releasing.md",
        CHECKOUT / ".github" / "PULL_REQUEST_TEMPLATE.md",
    ]
)
DECISIONS: Final = sorted((CHECKOUT / "docs" / "decisions").glob("[0-9]*.md"))
PROJECT: Final[dict[str, Any]] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text("utf-8"))
TOWNCRIER: Final[dict[str, Any]] = PROJECT["tool"]["towncrier"]
TYPES: Final[dict[str, str]] = {each["directory"]: each["name"] for each in TOWNCRIER["type"]}

_PATH = re.compile(
    r"\b(?:bench|changelog\.d|data|docs|models|tests|validation)/[a-z_0-9./-]*[a-z_0-9/]"
)


def read(name: str) -> str:
    return (CHECKOUT / name).read_text("utf-8")


def broken_links(text: str, folder: Path) -> list[str]:
    """Return the relative links of a page in `folder` that lead to no file."""
    links = re.findall(r"\]\(([^)\s]+)\)", text)
    relative = [link.partition("#")[0] for link in links if "://" not in link and link[0] != "#"]
    return [link for link in relative if not (folder / link).exists()]


def missing_paths(text: str) -> list[str]:
    """Return the paths in code spans that the checkout lacks; capitals stand for other names."""
    paths = {path for code in re.findall(r"`([^`\n]+)`", text) for path in _PATH.findall(code)}
    return sorted(path for path in paths if not (CHECKOUT / path).exists())


def environments() -> set[str]:
    """Return the environments that tox.ini names, factors like `{jax,tf}-cuda` written out."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(read("tox.ini"))
    names = [name.removeprefix("testenv:") for name in parser.sections() if ":" in name]
    return {each for name in names for each in _expand(name)}


def _expand(name: str) -> list[str]:
    parts = [part.split(",") for part in re.split(r"[{}]", name)]
    return ["".join(choice) for choice in product(*parts)]


def unknown_environments(text: str) -> set[str]:
    """Return the environments after `tox -e` that tox.ini does not have."""
    named = re.findall(r"\btox -e ([\w,-]+)", text)
    return {each for names in named for each in names.split(",")} - environments()


def wrong_fragments(folder: Path) -> list[str]:
    """Return the files of `folder` with an unknown name or type, or without a text."""
    return [
        path.name
        for path in sorted(folder.iterdir())
        if path.name != "README.md"
        and (
            not re.fullmatch(rf"(\d+|\+[a-z-]+)\.({'|'.join(TYPES)})\.md", path.name)
            or not path.read_text("utf-8").strip()
        )
    ]


def draft(folder: Path) -> str:
    """Return the changelog section of the checkout in `folder`, as `tox -e changelog` makes it."""
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9"]
    done = subprocess.run(
        [*command, "--dir", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_a_page_names_files_and_environments_that_there_are(page: Path) -> None:
    text = page.read_text("utf-8")
    assert broken_links(text, page.parent) == []
    assert missing_paths(text) == []
    assert unknown_environments(text) == set()


def test_a_broken_link_path_and_environment_is_caught(tmp_path: Path) -> None:
    (tmp_path / "there.md").touch()
    links = "[a](there.md#part) [b](gone.md) [c](https://keras.io/x) [d](#part)"
    assert broken_links(links, tmp_path) == ["gone.md"]
    text = "`bench/gone.py` `bench/core/cell.py` `data/FILE.LICENSE.md` `models/x/y.py:build`"
    assert missing_paths(text) == ["bench/gone.py", "models/x/y.py"]
    assert unknown_environments("`tox -e check,lint` and `tox -e jax-cuda`") == {"lint"}


def test_contributing_describes_every_room() -> None:
    described = set(re.findall(r"^\| `bench/(\w+)` \|", read("CONTRIBUTING.md"), re.MULTILINE))
    rooms = {path.parent.name for path in (CHECKOUT / "bench").glob("*/__init__.py")}
    assert described == rooms


def test_each_news_fragment_has_a_known_type_and_a_text() -> None:
    assert wrong_fragments(CHECKOUT / "changelog.d") == []


def test_a_fragment_of_another_type_or_without_a_text_is_caught(tmp_path: Path) -> None:
    texts = {"12.fix.md": "x", "+a-b.docs.md": "x", "README.md": "", "+a.fix.md": " \n"}
    wrong = {"12.news.md": "x", "fix.md": "x", "+a.fix.rst": "x"}
    for name, text in (texts | wrong).items():
        (tmp_path / name).write_text(text)
    assert wrong_fragments(tmp_path) == sorted(["+a.fix.md", *wrong])


def test_the_next_section_of_the_changelog_can_be_built_and_has_every_fragment() -> None:
    section = draft(CHECKOUT)
    assert "## 9.9.9 (" in section
    for path in (CHECKOUT / "changelog.d").glob("*.*.md"):
        assert path.read_text("utf-8").strip() in section, path.name


def test_each_type_of_fragment_has_its_heading(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(read("pyproject.toml"))
    (tmp_path / "changelog.d").mkdir()
    for kind in TYPES:
        (tmp_path / "changelog.d" / f"7.{kind}.md").write_text(f"Text of {kind}.")
    section = draft(tmp_path)
    for kind, name in TYPES.items():
        assert f"### {name}\n\n- Text of {kind}. (#7)" in section


def test_the_types_are_explained_where_fragments_are_written_and_read() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\w ]+) \|", read("changelog.d/README.md"), re.MULTILINE)
    assert dict(rows) == TYPES
    explained = re.findall(r"^- \*\*([\w ]+)\*\*:", read("CHANGELOG.md"), re.MULTILINE)
    assert explained == list(TYPES.values())
    assert TOWNCRIER["start_string"] in read("CHANGELOG.md")


def test_the_citation_is_of_the_newest_release_and_the_checkout_not_of_an_older_one() -> None:
    releases = re.findall(r"^## (\d+\.\d+\.\d+) \((.+)\)$", read("CHANGELOG.md"), re.MULTILINE)
    cited = dict(re.findall(r"^(version|date-released): (\S+)$", read("CITATION.cff"), re.M))
    assert releases[0] == (cited["version"], cited["date-released"])
    numbers = [tuple(map(int, version.split("."))) for version, _ in releases]
    assert numbers == sorted(numbers, reverse=True)
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(\.dev\d+)?", bench.__version__)
    assert match is not None
    present = tuple(map(int, match.groups()[:3]))
    assert present > numbers[0] if match[4] else present == numbers[0]


def test_the_hooks_before_a_commit_have_the_versions_of_the_check() -> None:
    hooks = dict(re.findall(r"\[([\w-]+)==([\w.]+)\]", read(".pre-commit-config.yaml")))
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", read("constraints.txt"), re.MULTILINE))
    assert {"ruff", "codespell"} <= set(hooks)
    assert {name: pins[name] for name in hooks if name in pins} == {
        name: version for name, version in hooks.items() if name != "pre-commit-hooks"
    }


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_short_and_has_its_three_parts(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert lines[0].startswith(f"# {page.name[:4]}: ") and lines[2].startswith("Status: ")
    parts = [line for line in lines if line.startswith("## ")]
    assert parts == ["## Context", "## Decision", "## Consequences"]
    assert 15 <= len(lines) <= 30


def test_the_decisions_are_numbered_and_listed_with_their_titles() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    rows = re.findall(r"^\| \[(\d+)\]\((.+)\) \| (.+) \|$", read("docs/decisions/index.md"), re.M)
    titles = [page.read_text("utf-8").splitlines()[0].partition(": ")[2] for page in DECISIONS]
    expected = zip((page.name for page in DECISIONS), titles, strict=True)
    assert rows == [(name[:4], name, title) for name, title in expected]
