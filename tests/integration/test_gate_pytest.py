"""The real `tox -e perf` in a child process, on made records of the quick suite."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.core.cell import Cell
from bench.core.paths import CHECKOUT
from bench.core.suite import Overrides, expand, load_suite
from bench.storage.store import Store
from bench.system.machine import machine_facts
from tests.fixtures.processes import patient
from tests.fixtures.records import make_record

_CELLS = expand(load_suite("quick"), Overrides(), "quick")
_SECONDS = [9.0, 1.1, 1.2, 0.1 + 0.2, 1.4]
#: What `tox -e perf` runs, in an environment without Hypothesis and without a cache folder.
_COMMAND = [
    sys.executable,
    "-m",
    "pytest",
    "-p",
    "bench.regression.pytest_plugin.stored_hooks",
    "bench/regression/pytest_plugin/stored_checks.py",
]
_COMMAND += ["-p", "no:hypothesispytest", "-p", "no:cacheprovider"]
_GATE = ("--benchmark-compare", "--benchmark-compare-fail=median:10%")


def _save(reports: Path, cell: Cell, **overrides: Any) -> None:
    """Store a good record of `cell` on this machine, `slower` times slower."""
    factor = overrides.pop("slower", 1.0)
    seconds = [_SECONDS[0]] + [_SECONDS[1 + n % 4] * factor for n in range(cell.known_epochs - 1)]
    fields = {
        "machine": dict(machine_facts()),
        "train_seconds": seconds,
        "val_accuracies": [0.95] * cell.known_epochs,
        **msgspec.structs.asdict(cell),
    }
    Store(reports).save(make_record(**fields | overrides))


def _pytest(reports: Path, storage: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the perf rows as tox does; a traceback of pytest's own is never an answer."""
    command = [*_COMMAND, f"--reports={reports}", f"--benchmark-storage=file://{storage}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [*command, *options],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=patient(120.0),
    )
    assert "INTERNALERROR" not in done.stdout + done.stderr
    return done


def _failures(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the gate's sentences, which stand in a failed session alone."""
    found = [line for line in done.stdout.splitlines() if line.startswith("FAILED: ")]
    assert (done.returncode != 0) == bool(found), done.stdout + done.stderr
    return found


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    for cell in _CELLS:
        _save(folder, cell)
    return folder


@pytest.fixture(scope="module")
def storage(reports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one saved baseline, `0001_x.json`, made from `reports`."""
    folder = tmp_path_factory.mktemp("storage")
    options = ("--benchmark-save=x", f"--benchmark-json={folder / 'full.json'}")
    done = _pytest(reports, folder, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_saved_rows_hold_exactly_the_stored_samples(storage: Path) -> None:
    rows = json.loads((storage / "full.json").read_bytes())["benchmarks"]
    assert [row["param"] for row in rows] == [cell.id for cell in _CELLS]
    for row, cell in zip(rows, _CELLS, strict=True):
        assert row["stats"]["data"] == [_SECONDS[1 + n % 4] for n in range(cell.known_epochs - 1)]
        assert row["extra_info"]["cell_id"] == cell.id
        assert row["extra_info"]["machine_id"] == machine_facts()["machine_id"]


def test_the_same_records_pass_and_the_reader_is_told(reports: Path, storage: Path) -> None:
    done = _pytest(reports, storage, *_GATE)
    assert _failures(done) == []
    assert f"{len(_CELLS)} of {len(_CELLS)} cells were compared with themselves" in done.stdout


def test_records_a_fifth_slower_fail(storage: Path, tmp_path: Path) -> None:
    for cell in _CELLS:
        _save(tmp_path, cell, slower=1.2)
    done = _pytest(tmp_path, storage, *_GATE)
    assert _failures(done) == [
        "FAILED: Performance has regressed. (pytest-benchmark's --benchmark-compare-fail)"
    ]
    assert done.stderr.count("Field 'median' has failed") == len(_CELLS)
    assert "Traceback" not in done.stderr


def test_cells_missing_failed_and_inaccurate_in_the_store_are_named(tmp_path: Path) -> None:
    missing, failed, wrong, *good = _CELLS
    _save(tmp_path, failed, status="failed", reason="the loss is NaN")
    _save(tmp_path, wrong, val_accuracies=[0.5] * wrong.known_epochs)
    for cell in good:
        _save(tmp_path, cell)
    done = _pytest(tmp_path, tmp_path / "storage", "--benchmark-save=x")
    absent, broken, row = _failures(done)
    assert f"{missing.id}: no record of it on this machine" in absent
    assert f"{failed.id}: repetition 0 of run" in broken
    assert broken.endswith("failed: the loss is NaN.")
    assert row.startswith(f"FAILED: 1 of {2 * len(_CELLS)} expected rows failed")
    assert row.endswith(f": test_accuracy_floor[{wrong.id}].")
    assert "ends at val_accuracy 0.5; its floor is 0.9." in done.stdout


def test_an_unlike_baseline_is_refused_row_by_row(
    reports: Path, storage: Path, tmp_path: Path
) -> None:
    (saved,) = storage.glob("*/0001_x.json")
    content = json.loads(saved.read_bytes())
    missing, other, *_ = (row["name"] for row in content["benchmarks"])
    renamed = {**content["benchmarks"].pop(0), "fullname": "bench/x.py::renamed"}
    content["benchmarks"][0]["extra_info"]["machine_id"] = "elsewhere"
    content["benchmarks"].append(renamed)
    content["machine_info"]["machine_id"] = "elsewhere"
    edited = tmp_path / "edited.json"
    edited.write_text(json.dumps(content))
    sentences = _failures(_pytest(reports, tmp_path, f"--benchmark-compare={edited}"))
    assert len(sentences) == 3
    assert f"{missing} is missing in the baseline" in sentences[0]
    assert "renamed is in the baseline" in sentences[1]
    assert f"{other} cannot be compared" in sentences[2]
    assert "machine_id was 'elsewhere'" in sentences[2]


def test_a_comparison_without_a_baseline_fails(reports: Path, tmp_path: Path) -> None:
    (sentence,) = _failures(_pytest(reports, tmp_path, "--benchmark-compare"))
    assert "Nothing was compared, because no baseline was found" in sentence


def test_deselected_rows_fail_and_are_named(reports: Path, tmp_path: Path) -> None:
    (sentence,) = _failures(_pytest(reports, tmp_path, "-k", "torch"))
    left_out = [cell for cell in _CELLS if cell.backend != "torch"]
    assert f"{2 * len(left_out)} of {2 * len(_CELLS)} expected rows deselected" in sentence
    assert all(f"test_epoch_seconds[{cell.id}]" in sentence for cell in left_out)


def test_switched_off_rows_fail(reports: Path, tmp_path: Path) -> None:
    done = _pytest(reports, tmp_path, "--benchmark-disable")
    (sentence,) = _failures(done)
    assert f"{len(_CELLS)} of {2 * len(_CELLS)} expected rows failed" in sentence
    assert "pytest-benchmark did not measure the row" in done.stdout


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("-p", "no:benchmark"), "Stored records need pytest-benchmark"),
        (("--suite=nothing",), "suite is 'nothing'; allowed are gate, lab, predict, quick"),
    ],
)
def test_a_session_that_cannot_begin_says_why(
    reports: Path, tmp_path: Path, options: tuple[str, ...], reason: str
) -> None:
    command = [*_COMMAND, f"--reports={reports}", *options]
    done = subprocess.run(
        command, cwd=CHECKOUT, capture_output=True, text=True, timeout=patient(120.0)
    )
    assert done.returncode == 4
    assert reason in done.stderr
