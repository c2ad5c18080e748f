"""The plan of a fixed store, kept as a golden file."""

import os
import re
from pathlib import Path

import pytest

from bench.core.paths import CHECKOUT
from tests.fixtures.command_line import Bench

GOLDEN = CHECKOUT / "tests" / "fixtures" / "golden" / "cli"

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


def test_the_plan_of_a_fixed_store_is_the_golden_one(bench):
    assert bench.run("ok", more=("--quiet",)) == 0
    assert bench.call("plan", *bench.select("ok"), "--repeats=2") == 0
    text = re.sub(r"~\S+", "~…", bench.out)
    text = re.sub(r"\d{8}T\d{6}Z-\w{4}", "20260101T000000Z-0000", text)
    check("plan", re.sub(r"\b[\d.]+ s\b", "… s", text))
