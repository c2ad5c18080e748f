"""The text of every `--help` and of `plan`, against golden files.

`BENCH_GOLDEN=write pytest tests/unit/test_cli_golden.py` writes them again.
"""

import os
import re
from pathlib import Path

import pytest

from bench.cli.parser import make_parser
from tests.fixtures.command_line import Bench

GOLDEN = Path(__file__).parent.parent / "fixtures" / "golden" / "cli"
COMMANDS = sorted(make_parser()._subparsers._group_actions[0].choices)

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


def test_the_plan_of_a_fixed_store_is_the_golden_one(bench):
    assert bench.run("ok", more=("--quiet",)) == 0
    assert bench.call("plan", *bench.select("ok"), "--repeats=2") == 0
    text = re.sub(r"~\S+", "~…", bench.out)
    text = re.sub(r"\d{8}T\d{6}Z-\w{4}", "20260101T000000Z-0000", text)
    check("plan", re.sub(r"\b[\d.]+ s\b", "… s", text))
