"""docs/results/upstream.md and the reproductions state the same numbers, and neither lacks one."""

import re

import pytest

from bench.core.paths import CHECKOUT
from tests.upstream.effects import EFFECTS, REPRODUCTIONS, VERSIONS, effects_table, script_path
from tests.upstream.issue import main
from tests.upstream.page import PAGE, Section, sections_of, table_of
from tests.upstream.timings import TIMINGS

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = sections_of(TEXT)
SCRIPTS = sorted(path.stem for path in REPRODUCTIONS.glob("*.py"))
ISSUES = [section.script for section in SECTIONS if section.issue]
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
LINK = re.compile(r"\[([\w.-]+/[\w.-]+)#(\d+)\]\(([^)\s]+)\)")

each_section = pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.script)


def test_every_reproduction_is_on_the_page_once_and_nothing_else_is():
    included = [path for section in SECTIONS for path in section.includes]
    assert sorted(included) == [script_path(name).resolve() for name in SCRIPTS]


def test_every_reproduction_has_numbers_that_a_test_asserts():
    measured = {effect.script for effect in EFFECTS} | {timing.script for timing in TIMINGS}
    assert sorted(measured) == SCRIPTS


@each_section
def test_the_table_of_a_section_is_that_of_the_asserted_numbers(section):
    tables = re.findall(r"(?:^\|.*\|\n)+", section.text, re.MULTILINE)
    assert [table.strip() for table in tables] == [table_of(section.script)]


def test_a_number_that_changes_changes_the_table():
    changed = TEXT.replace("1.34163", "1.34164")
    assert changed != TEXT
    [section] = [s for s in sections_of(changed) if s.script == "adam_embedding"]
    assert effects_table("adam_embedding") not in section.text


def test_the_versions_are_those_of_the_page_and_of_the_constraints():
    pins = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for name, version in VERSIONS.items():
        assert f"{name}=={version}" in pins
        assert re.search(rf"\b{name}\s{re.escape(version)}\b", TEXT)


@each_section
def test_the_summary_leads_to_the_section(section):
    assert TEXT.count(f"](#{_anchor(section)})") == 1


@each_section
def test_the_numbers_of_the_summary_are_rounded_from_the_table(section):
    [row] = [line for line in TEXT.splitlines() if f"](#{_anchor(section)})" in line]
    effect = row.split(" | ")[2]
    stated = NUMBER.findall(table_of(section.script))
    assert NUMBER.search(effect) or "NaN" in effect
    assert all(any(_rounds_to(long, short) for long in stated) for short in NUMBER.findall(effect))


def test_a_number_rounds_to_its_first_digits_alone():
    assert _rounds_to("1.34163", "1.34") and _rounds_to("1e-06", "1e-06")
    assert not _rounds_to("1.34163", "1.35") and not _rounds_to("2e-06", "1e-06")


def _anchor(section: Section) -> str:
    return re.sub(r"[^\w-]", "", section.heading.lower().replace(" ", "-"))


def _rounds_to(long: str, short: str) -> bool:
    """Return whether the number `long` is `short` when it is given as many significant digits."""
    digits = len(short.partition("e")[0].replace(".", "").lstrip("0")) or 1
    return float(f"{float(long):.{digits}g}") == float(short)


@each_section
def test_a_section_says_what_upstream_knows(section):
    [known] = re.findall(r"^\*\*Upstream:\*\* (.+?)\n\n", section.text, re.MULTILINE | re.DOTALL)
    assert "report" in known.lower() or LINK.search(known)


@each_section
def test_a_section_has_an_issue_to_file_or_the_reason_why_not(section):
    assert ("**Nothing to file:**" in section.text) == (section.issue is None)


def test_the_number_of_a_link_is_that_of_its_address():
    links = LINK.findall(TEXT)
    assert len(links) > 10
    for repository, number, address in links:
        assert re.fullmatch(f"https://github.com/{repository}/(issues|pull)/{number}", address)


@pytest.mark.parametrize("name", ISSUES)
def test_an_issue_is_printed_with_its_table_and_script(name):
    text = main([name])
    assert text.startswith("Repository: ")
    assert table_of(name) in text
    assert script_path(name).read_text(encoding="utf-8").strip() in text
    assert all(f"{package} {version}" in text for package, version in VERSIONS.items())
    assert "[table]" not in text and "[script]" not in text


def test_the_names_of_issues_are_printed_and_another_name_is_refused():
    assert main([]).splitlines() == ISSUES
    with pytest.raises(ValueError, match="average_pooling_same has no issue to file"):
        main(["average_pooling_same"])


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_reproduction_needs_nothing_of_this_repository(name):
    source = script_path(name).read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE))
    assert imported <= {"json", "time", "keras", "numpy", "tensorflow"}
