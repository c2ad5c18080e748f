"""The trend: series of gates against one anchor, and what is told of their changes."""

import csv
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from bench.cli import trend as trending
from bench.core.exit_codes import ExitCode
from bench.regression import trend as changes
from bench.regression.store import GateStore
from bench.regression.trend import Change, TrendMissingError, check_otava, read_series
from tests.fixtures.command_line import Bench
from tests.fixtures.pairs import BASELINE, make_cell, make_pairs, make_plan

pytestmark = pytest.mark.usefixtures("own_signals")


def store_gate(
    folder: Path, name: str, slow: float = 1.0, keras: str = "3.14.0", pairs: int = 5
) -> Path:
    """Store a gate whose candidate takes `slow` times as long as Keras `keras`."""
    plan = make_plan([make_cell()], gate_id=name)
    baseline = replace(BASELINE, versions={"keras": keras})
    expected = [
        replace(each, baseline=baseline) if each.kind == "cell" else each for each in plan.expected
    ]
    plan = replace(plan, expected=tuple(expected))
    book = GateStore(folder / name)
    book.open(plan)
    for pair in make_pairs(plan, pairs, ratio=lambda _: slow):
        book.add(pair)
    return book.folder


def test_gates_against_one_anchor_are_a_series_in_the_order_of_time(tmp_path: Path) -> None:
    for name, slow in (("2", 1.1), ("1", 1.0), ("3", 1.1)):
        store_gate(tmp_path, name, slow)
    series, left_out = read_series(tmp_path)
    ((anchor, points),) = series.items()
    assert anchor.versions == (("keras", "3.14.0"),)
    assert [point.gate_id for point in points] == ["1", "2", "3"]
    assert [point.ratio for point in points] == pytest.approx([1.0, 1.1, 1.1], abs=0.02)
    assert left_out == []


def test_another_baseline_is_another_series(tmp_path: Path) -> None:
    store_gate(tmp_path, "1")
    store_gate(tmp_path, "2", keras="3.15.1")
    series, _ = read_series(tmp_path)
    assert [len(points) for points in series.values()] == [1, 1]


def test_a_cell_that_was_cut_short_has_no_point(tmp_path: Path) -> None:
    store_gate(tmp_path, "1", pairs=4)
    assert read_series(tmp_path) == ({}, [])


def test_a_damaged_gate_is_left_out_with_a_reason(tmp_path: Path) -> None:
    store_gate(tmp_path, "1")
    (store_gate(tmp_path, "2") / "pairs.jsonl").write_text("{")
    series, (reason,) = read_series(tmp_path)
    assert len(series) == 1
    assert "pairs.jsonl, line 1 is damaged" in reason


@pytest.fixture
def bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Bench:
    monkeypatch.setattr(trending, "check_otava", lambda: None)
    monkeypatch.setattr(trending, "find_changes", _jumps)
    return Bench(tmp_path, capsys)


def _jumps(ratios: list[float]) -> list[Change]:
    return [
        Change(index=index, before=ratios[index - 1], after=ratios[index], p_value=1e-6)
        for index in range(1, len(ratios))
        if abs(ratios[index] - ratios[index - 1]) > 0.05
    ]


def test_the_command_tells_when_it_changed_and_succeeds(bench: Bench) -> None:
    for name, slow in (("1", 1.0), ("2", 1.0), ("3", 1.1)):
        store_gate(bench.reports / "gates", name, slow)
    assert bench.call("trend", f"--reports={bench.reports}") == ExitCode.OK
    assert "Changes against the anchor" in bench.out
    assert "+10." in bench.out
    rows = list(csv.DictReader((bench.reports / "gates" / "trend.csv").read_text().splitlines()))
    assert [row["change"] for row in rows] == ["False", "False", "True"]
    assert rows[2]["gate_id"] == "3"


def test_no_gate_is_told(bench: Bench) -> None:
    assert bench.call("trend", f"--reports={bench.reports}") == ExitCode.OK
    assert "contains no gate with a valid measurement" in bench.out


def test_json_holds_the_rows(bench: Bench) -> None:
    store_gate(bench.reports / "gates", "1")
    bench.call("trend", f"--reports={bench.reports}", "--json")
    facts = json.loads(bench.out)
    assert facts["exit_code"] == 0
    assert [row["gate_id"] for row in facts["rows"]] == ["1"]


def test_without_otava_a_sentence_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "find_spec", lambda name: None)
    with pytest.raises(TrendMissingError, match="tox -e trend"):
        check_otava()
