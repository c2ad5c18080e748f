"""A finished gate as rows of pytest-benchmark, with exit codes of its own."""

import json
from pathlib import Path

import pytest

from bench.gate.book import Book
from tests.fixtures.gate_session import CELLS, judge_by_pytest, store_gate


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return store_gate(tmp_path_factory.mktemp("good"))


def test_a_gate_that_passes_leaves_rows_that_hold_its_slices(good: Path) -> None:
    storage = f"--benchmark-storage=file://{good / 'storage'}"
    done = judge_by_pytest(
        good, storage, "--benchmark-save=x", f"--benchmark-json={good / 'rows.json'}"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((good / "rows.json").read_bytes())["benchmarks"]
    assert len(rows) == 2 * len(CELLS)
    pairs = [p for p in Book(good).pairs() if (p.kind, p.cell_id) == ("cell", CELLS[0].id)]
    seconds = [turn.baseline.wall_seconds / 10 for pair in pairs for turn in pair.turns]
    assert rows[0]["stats"]["data"] == seconds
    assert rows[1]["extra_info"]["verdict"] == "pass"
    compared = judge_by_pytest(
        good, storage, "--benchmark-compare", f"--benchmark-histogram={good / 'h'}"
    )
    assert compared.returncode == 0, compared.stdout + compared.stderr


def test_a_regression_leaves_with_the_gates_own_code(tmp_path: Path) -> None:
    done = judge_by_pytest(store_gate(tmp_path, slow=1.2))
    assert done.returncode == 10
    assert f"{CELLS[1].id} is regressed." in done.stdout
    assert "Exit 10: regressed" in done.stdout


def test_a_lost_row_is_invalid(tmp_path: Path) -> None:
    folder = store_gate(tmp_path)
    lines = (folder / "pairs.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "pairs.jsonl").write_bytes(b"".join(lines[:-1]))
    done = judge_by_pytest(folder)
    assert done.returncode == 12
    assert "4 pairs were measured; 5 are the fewest" in done.stdout


def test_no_gate_is_no_pass(tmp_path: Path) -> None:
    done = judge_by_pytest(tmp_path / "nothing")
    assert done.returncode == 12
    assert "cannot be read" in done.stdout + done.stderr
