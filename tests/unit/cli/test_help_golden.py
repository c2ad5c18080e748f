"""The text of every `--help` and of `plan`, against golden files.

`BENCH_GOLDEN=write pytest -k golden` writes them again.
"""

import os
from pathlib import Path

import pytest

from bench.cli.parser import make_parser
from bench.core.paths import CHECKOUT
from docs.generators.command_line import command_parsers
from tests.fixtures.command_line import Bench

GOLDEN = CHECKOUT / "tests" / "fixtures" / "golden" / "cli"
COMMANDS = sorted(command_parsers(make_parser()))

pytestmark = pytest.mark.usefixtures("own_signals")


def check(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("BENCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> Bench:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("KERAS_BENCH_REPORTS", raising=False)
    return Bench(tmp_path, capsys)


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_help_of_a_command_is_the_golden_one(bench, command):
    assert bench.call(*command.split(), "--help") == 0
    check(f"help-{command or 'all'}", bench.out)
