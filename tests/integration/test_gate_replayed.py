"""A finished gate as rows of pytest-benchmark, with exit codes of its own."""

import json
import signal
from pathlib import Path

import pytest

from bench.regression.store import GateStore
from tests.fixtures.fake_python import make_fake_python
from tests.fixtures.gate_session import CELLS, COMMAND, judge_by_pytest, store_gate
from tests.fixtures.processes import patient, start, wait_for


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
    pairs = [p for p in GateStore(good).pairs() if (p.kind, p.cell_id) == ("cell", CELLS[0].id)]
    seconds = [turn.baseline.wall_seconds / 10 for pair in pairs for turn in pair.slices]
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
    assert "4 pairs were measured; at least 5 are needed" in done.stdout


def test_no_gate_is_no_pass(tmp_path: Path) -> None:
    done = judge_by_pytest(tmp_path / "nothing")
    assert done.returncode == 12
    assert "cannot be read" in done.stdout + done.stderr


def test_a_gate_that_is_interrupted_tells_how_to_go_on(tmp_path: Path) -> None:
    python = f"python={make_fake_python(tmp_path)}"
    sides = [f"--baseline={python}", f"--candidate={python},env.XLA_FAKE=hang"]
    cell = ["--dataset=synthetic:shape=4x4x1,classes=2,train=8,test=4", "--backend=jax"]
    reports = tmp_path / "reports"
    command = [*COMMAND, *sides, *cell, f"--reports={reports}"]
    process = start(command)
    wait_for(lambda: list(reports.glob("gates/*/logs/*candidate*.log")), process)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=patient())
    assert process.returncode == 130
    (gate,) = (reports / "gates").iterdir()
    assert f"bench gate --resume {gate.name} --reports {reports}` continues there." in told
