"""The lab's two models really train on every backend, from one suite file to one comparison."""

import pandas as pd
import pytest

from bench.cell import BACKENDS
from models.table import WORKLOADS
from tests.fixtures.bench_command import Bench, by_backend

_FIGURES = (
    "epoch_seconds_median",
    "fit_seconds_total_median",
    "images_per_second",
    "first_step_seconds",
    "final_val_accuracy",
    "peak_memory_bytes",
)
_SHORT = ("--limit-train", "320", "--epochs", "2", "--batch-size", "32")


@pytest.fixture(scope="module")
def trained(module_bench: Bench) -> Bench:
    done = module_bench("run", *_SHORT)
    assert done.returncode == 0, done.stdout + done.stderr
    return module_bench


@pytest.mark.parametrize("workload", WORKLOADS)
def test_parameter_counts_are_equal_on_every_backend(trained: Bench, workload: str) -> None:
    records = [record for record in trained.records() if record.cell.workload == workload]
    for record in by_backend(records).values():
        assert record.result is not None, record.reason
        assert record.result.parameters == WORKLOADS[workload].parameters
        assert record.result.trainable_parameters == WORKLOADS[workload].trainable_parameters


def test_the_comparison_has_every_backend_filled_in_both_rows(trained: Bench) -> None:
    table = pd.read_csv(trained.reports / "latest" / "comparison.csv")
    assert sorted(table["workload"]) == sorted(WORKLOADS)
    filled = [f"{backend}_{name}" for backend in BACKENDS for name in _FIGURES]
    assert table[filled].notna().all(axis=None)
    assert set(table["fastest_backend"]) <= set(BACKENDS)


def test_settings_are_the_resolved_ones(trained: Bench) -> None:
    for backend, record in by_backend(trained.records()).items():
        assert record.result is not None
        assert record.result.settings["jit_compile"] is (backend == "jax")
        assert record.result.settings["dtype_policy"] == "float32"
        assert record.result.settings["data_format"] == "channels_last"


def test_the_clocks_of_a_launch_add_up_to_less_than_its_wall_time(trained: Bench) -> None:
    for record in trained.records():
        result = record.result
        assert result is not None
        epochs = sum(e.train_seconds + e.validation_seconds for e in result.epochs)
        assert epochs <= result.fit_seconds_total
        phases = result.import_seconds + result.data_open_seconds + result.build_seconds
        assert phases + result.fit_seconds_total <= record.wall_seconds


def test_running_again_trains_nothing_and_says_so(trained: Bench) -> None:
    before = trained.records()
    done = trained("run", *_SHORT)
    assert done.returncode == 0
    assert "6 stored (not trained again), 0 to train" in done.stdout
    assert trained.records() == before


def test_report_writes_the_same_bytes_again(trained: Bench) -> None:
    tables = sorted(trained.reports.rglob("*.csv")) + sorted(trained.reports.rglob("*.md"))
    before = {path: path.read_bytes() for path in tables}
    assert len(before) == 2 * 4
    for path in before:
        path.unlink()
    assert trained("report").returncode == 0
    assert {path: path.read_bytes() for path in tables} == before


def test_the_baseline_learns_the_digits_on_every_backend(bench: Bench) -> None:
    done = bench("run", "--workload", "lab_baseline", "--epochs", "3", "--batch-size", "16")
    assert done.returncode == 0, done.stdout + done.stderr
    for record in by_backend(bench.records()).values():
        assert record.result is not None
        assert record.result.epochs[-1].val_accuracy is not None
        assert record.result.epochs[-1].val_accuracy >= 0.85
