"""The lab's two models really train on every backend, from one suite file to one comparison."""

import os

import pandas as pd
import pytest

from bench.core.cell import BACKENDS
from models.table import WORKLOADS
from tests.fixtures.bench_command import Bench, by_backend
from tests.fixtures.present import present

_FIGURES = (
    "epoch_seconds_median",
    "fit_seconds_total_median",
    "images_per_second",
    "first_step_seconds",
    "final_val_accuracy",
    "peak_memory_bytes",
)
LAB = ("lab_baseline", "lab_deep")
#: Full batches only, because JAX compiles a program for each size.
_SHORT = ("--limit-train", "160", "--limit-test", "64", "--epochs", "2", "--batch-size", "32")


@pytest.fixture(scope="module")
def trained(drawing_bench: Bench) -> Bench:
    done = drawing_bench("run", *_SHORT)
    assert done.returncode == 0, done.stdout + done.stderr
    return drawing_bench


@pytest.mark.parametrize("workload", LAB)
def test_parameter_counts_are_equal_on_every_backend(trained: Bench, workload: str) -> None:
    records = [record for record in trained.records() if record.cell.workload == workload]
    for record in by_backend(records).values():
        assert record.result is not None, record.reason
        assert record.result.parameters == WORKLOADS[workload].parameters
        assert record.result.trainable_parameters == WORKLOADS[workload].trainable_parameters


def test_the_comparison_has_every_backend_filled_in_both_rows(trained: Bench) -> None:
    table = pd.read_csv(trained.reports / "latest" / "comparison.csv")
    assert sorted(table["workload"]) == sorted(LAB)
    filled = [f"{backend}_{name}" for backend in BACKENDS for name in _FIGURES]
    assert table[filled].notna().all(axis=None)
    assert set(table["fastest_backend"]) <= set(BACKENDS)


def test_settings_are_the_resolved_ones(trained: Bench) -> None:
    cpus = len(os.sched_getaffinity(0))
    for backend, record in by_backend(trained.records()).items():
        assert record.result is not None
        settings = record.result.settings
        assert settings["jit_compile"] is (backend == "jax")
        assert settings["dtype_policy"] == "float32"
        assert settings["data_format"] == "channels_last"
        assert settings["keras_json"] == "none"
        assert settings["data_adapter"] == "ArrayDataAdapter"
        assert settings["intra_op_threads"] == settings["affinity_cpus"] == cpus
        assert settings["tf32"] == "off"
        assert settings["device_count"] == 1
        assert record.result.weights_sha256 is None
        assert record.result.batch_order_sha256 is None
        assert "malloc" in str(settings["allocator"])


def test_the_phases_of_a_launch_are_its_whole_wall_time(trained: Bench) -> None:
    for record in trained.records():
        result = record.result
        assert result is not None
        epochs = [
            epoch.train_seconds + present(epoch.validation_seconds) + (epoch.tail_seconds or 0)
            for epoch in result.epochs
        ]
        measured = {
            "interpreter": record.interpreter_seconds,
            "harness": result.harness_seconds,
            "import": result.import_seconds,
            "data_open": result.data_open_seconds,
            "build": result.build_seconds,
            "setup": result.setup_seconds,
            "epochs": sum(epochs),
            "teardown": result.teardown_seconds,
            "exit": record.exit_seconds,
        }
        phases = {name: present(seconds) for name, seconds in measured.items()}
        assert min(phases.values()) > 0
        assert sum(phases.values()) == pytest.approx(record.wall_seconds, rel=0.02)
        fit = phases["setup"] + phases["epochs"] + phases["teardown"]
        assert fit == pytest.approx(result.fit_seconds_total, rel=1e-6)


def test_the_first_step_is_the_first_of_its_epoch(trained: Bench) -> None:
    for record in trained.records():
        result = record.result
        assert result is not None
        first = result.epochs[0]
        assert first.first_step_seconds is not None
        assert result.first_step_seconds is not None
        assert result.first_step_seconds <= first.first_step_seconds < first.train_seconds


def test_memory_is_measured_before_the_model_and_at_its_peak(trained: Bench) -> None:
    for record in trained.records():
        result = record.result
        assert result is not None
        assert result.baseline_memory_bytes is not None
        assert 2**26 < result.baseline_memory_bytes < result.peak_memory_bytes
        assert result.device_peak_memory_bytes is None


def test_work_and_randomness_are_told_alike_on_every_backend(trained: Bench) -> None:
    macs = {"lab_baseline": 3_788_288, "lab_deep": 38_896_896}
    for record in trained.records():
        result = record.result
        assert result is not None
        assert result.forward_macs == macs[record.cell.workload]
        assert result.uncounted_layers == ()
        dropouts = 4 if record.cell.workload == "lab_deep" else 0
        assert len(result.stochastic_layers) == dropouts


def test_running_again_trains_nothing_and_says_so(trained: Bench) -> None:
    before = trained.records()
    done = trained("run", *_SHORT)
    assert done.returncode == 0
    assert "6 stored (not trained again), 0 to train" in done.stdout
    assert trained.records() == before


def test_report_writes_the_same_bytes_again(trained: Bench) -> None:
    written = [p for end in ("csv", "md", "html", "svg") for p in trained.reports.rglob(f"*.{end}")]
    before = {path: path.read_bytes() for path in written}
    names = {"epochs.csv", "cells.csv", "comparison.csv", "report.md", "report.html"}
    assert names <= {path.name for path in before}
    for path in before:
        path.unlink()
    assert trained("report").returncode == 0
    assert {path: path.read_bytes() for path in written} == before


def test_an_epoch_of_one_step_has_no_first_step(bench: Bench) -> None:
    arguments = ("--epochs", "2", "--limit-train", "16", "--limit-test", "16", "--batch-size", "16")
    done = bench("run", "--workload", "lab_baseline", "--backend", "torch", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    [record] = bench.records()
    assert record.result is not None
    assert record.result.first_step_seconds is None
    assert [epoch.first_step_seconds for epoch in record.result.epochs] == [None, None]


def test_an_instrumented_launch_times_every_step_on_every_backend(bench: Bench) -> None:
    arguments = ("--workload", "lab_baseline", "--epochs", "2", "--batch-size", "32")
    limits = ("--limit-train", "100", "--limit-test", "32")
    done = bench("profile-steps", *arguments, *limits, "--rounds", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    records = bench.records()
    plain = by_backend(record for record in records if not record.instrumented)
    assert all(record.result and record.result.detail is None for record in plain.values())
    for record in by_backend(record for record in records if record.instrumented).values():
        assert record.result is not None
        detail = record.result.detail
        assert detail is not None
        assert [len(epoch) for epoch in detail.step_seconds] == [4, 4]
        assert [len(epoch) for epoch in detail.gap_seconds] == [3, 3]
        assert detail.feed_seconds is not None and detail.feed_seconds > 0
        for epoch, steps, gaps in zip(
            record.result.epochs, detail.step_seconds, detail.gap_seconds, strict=True
        ):
            assert sum(steps) + sum(gaps) < epoch.train_seconds
