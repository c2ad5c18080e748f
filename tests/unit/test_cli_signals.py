"""Interruptions of a real `python -m bench run`, whose second worker hangs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.machine import CHECKOUT
from bench.store import Store
from tests.fixtures.fake_python import are_gone, hung_pids, make_fake_python, make_workload
from tests.fixtures.steps import TINY


def command_of(folder: Path, *modes: str) -> list[str]:
    workloads = [f"--workload={make_workload(folder, mode)}" for mode in modes]
    tiny = [f"--dataset={TINY}", "--backend=jax", "--epochs=2", "--batch-size=4"]
    python = f"--python=jax={make_fake_python(folder)}"
    reports = f"--reports={folder}/reports"
    return [sys.executable, "-m", "bench", "run", *workloads, *tiny, python, reports]


@contextmanager
def hung_run(
    folder: Path, mode: str = "hang", ignored: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start a run of an ok cell and one that hangs; yield it with the hanging processes' ids."""
    process = subprocess.Popen(
        command_of(folder, "ok", mode),
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: ignored and signal.signal(ignored, signal.SIG_IGN),
    )
    try:
        yield process, _wait_for_hang(process, folder)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _wait_for_hang(process: subprocess.Popen[str], folder: Path) -> list[int]:
    while process.poll() is None:
        logs = (folder / "reports").glob("runs/*/logs/*.log")
        pids = [pid for log in logs for pid in hung_pids(log.read_text())]
        if len(pids) == 2:
            return pids
        time.sleep(0.01)
    raise AssertionError(process.communicate())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_keeps_what_is_finished_and_leaves_no_process(tmp_path, number):
    with hung_run(tmp_path, "hang_deaf") as (process, pids):
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "Interrupted. Every finished record is kept" in out
    assert f"Comparison: {tmp_path}/reports/latest/comparison.csv" in out
    assert are_gone(pids)
    records = Store(tmp_path / "reports").load_all()
    assert [record.cell.workload.rpartition(":")[2] for record in records] == ["ok"]


def test_the_next_call_continues_where_the_interrupted_one_ended(tmp_path):
    with hung_run(tmp_path) as (process, _):
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    command = command_of(tmp_path, "ok", "crash")
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "1 stored (not trained again), 1 to train" in done.stdout


def test_impatient_signals_do_not_stop_the_clean_up(tmp_path):
    # tox sends SIGINT again after the terminal's own, and SIGTERM later.
    with hung_run(tmp_path) as (process, pids):
        while process.poll() is None:
            for number in (signal.SIGINT, signal.SIGTERM):
                process.send_signal(number)
            time.sleep(0.002)
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "")
    assert "Interrupted." in out
    assert are_gone(pids)


def test_a_run_under_nohup_survives_a_hang_up(tmp_path):
    with hung_run(tmp_path, ignored=signal.SIGHUP) as (process, pids):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert are_gone(pids)
    assert "Interrupted." in out


def test_the_lock_is_free_after_an_interrupted_run(tmp_path):
    with hung_run(tmp_path) as (process, _):
        busy = subprocess.run(
            command_of(tmp_path, "ok"), cwd=CHECKOUT, capture_output=True, text=True
        )
        assert busy.returncode == 3
        assert f"process {process.pid}" in busy.stderr
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    done = subprocess.run(command_of(tmp_path, "ok"), cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == 0


def test_an_interrupted_plan_is_told_in_a_word(tmp_path):
    slow = tmp_path / "slow-python"
    slow.write_text("#!/bin/sh\nread line < fifo\n")
    slow.chmod(0o755)
    command = [sys.executable, "-m", "bench", "plan", "--backend=jax", f"--python=jax={slow}"]
    os.mkfifo(tmp_path / "fifo")
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    process = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environment
    )
    with (tmp_path / "fifo").open("w"):  # opens when the probe has begun to read
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "Interrupted.\n")
