"""README.md is short, and its commands are those of the command line and of CI."""

import re

import pytest

from bench.cli.parser import make_parser
from bench.core.paths import CHECKOUT
from docs.generators.command_line import command_parsers
from tests.contract.documents import blocks_of
from tests.contract.shell_examples import command_lines, parse_module

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
CI = (CHECKOUT / ".ci" / "run").read_text(encoding="utf-8")
MOST_LINES = 150


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= MOST_LINES


def test_the_readme_has_the_main_command() -> None:
    [first, *_] = blocks_of(CHECKOUT / "README.md")
    assert first.text.endswith(".venv/bin/tox -e jax,tf,torch\n")
    assert "tox -e jax,tf,torch" in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    [command] = [line for line in CI.splitlines() if line.startswith("python3 -m venv")]
    assert command.endswith(".venv/bin/tox")
    assert f"```sh\n{command}\n```" in README
    others = [line for line in CI.splitlines() if line.startswith(".venv/bin/tox")]
    assert len(others) == 1 and all(f"`{line}`" in README for line in others)


def named_commands() -> list[str]:
    """Return the commands that the table of the README names."""
    table = README.partition("| command | purpose |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def test_the_table_names_every_command_and_no_other() -> None:
    assert set(named_commands()) == set(command_parsers(make_parser()))
    assert len(named_commands()) == len(set(named_commands()))


@pytest.mark.parametrize("name", ["run", "race", "list"])
def test_a_command_of_the_table_is_parsed(name: str) -> None:
    assert parse_module("bench", [name]).command == name


def test_the_quick_path_certifies_then_races_and_a_script_runs() -> None:
    calls = [
        words
        for b in blocks_of(CHECKOUT / "README.md")
        if b.language == "sh"
        for words in command_lines(b.text)
        if words[1:3] == ["-m", "bench"]
    ]
    assert [words[3] for words in calls] == ["certify", "race", "run"]
