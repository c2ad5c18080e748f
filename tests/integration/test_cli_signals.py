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

from bench.cli.main import main
from bench.storage.store import Store
from tests.fixtures.fake_python import are_gone, hung_pids, make_fake_python, make_workload
from tests.fixtures.processes import patient, start, wait_for
from tests.fixtures.steps import TINY


def command_of(folder: Path, *modes: str) -> list[str]:
    workloads = [f"--workload={make_workload(folder, mode)}" for mode in modes]
    tiny = [f"--dataset={TINY}", "--backend=jax", "--epochs=2", "--batch-size=4"]
    python = f"--python=jax={make_fake_python(folder)}"
    reports = f"--reports={folder}/reports"
    light = [sys.executable, "-m", "tests.fixtures.light_bench"]
    return [*light, "run", *workloads, *tiny, python, reports]


@contextmanager
def hung_run(
    folder: Path, mode: str = "hang", ignored: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """Start a run of an ok cell and one that hangs; yield it with the hanging processes' ids."""

    def look() -> list[int]:
        logs = (folder / "reports").glob("runs/*/logs/*.log")
        pids = [pid for log in logs for pid in hung_pids(log.read_text())]
        return pids if len(pids) == 2 else []

    process = start(command_of(folder, "ok", mode), ignored)
    pids = wait_for(look, process)
    try:
        yield process, pids
    finally:
        for pid in [] if are_gone(pids, 0) else pids:
            os.kill(pid, signal.SIGKILL)
        process.kill()
        process.communicate()


def test_an_interrupted_run_keeps_what_is_finished_and_leaves_no_process(tmp_path):
    with hung_run(tmp_path, "hang_deaf") as (process, pids):
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=patient())
    assert (process.returncode, err) == (130, "")
    assert "Interrupted. Every finished record is kept" in out
    assert f"Comparison: {tmp_path}/reports/latest/comparison.csv" in out
    assert are_gone(pids)
    records = Store(tmp_path / "reports").load_all()
    assert [record.cell.workload.rpartition(":")[2] for record in records] == ["ok"]


def test_the_next_call_waits_for_the_end_and_continues_there(tmp_path, capsys, own_signals):
    arguments = command_of(tmp_path, "ok", "crash")[3:]
    with hung_run(tmp_path) as (process, _):
        assert main(arguments) == 3
        assert f"process {process.pid}" in capsys.readouterr().err
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=patient())
        assert process.returncode == 130
    assert main(arguments) == 1
    assert "1 stored (not trained again), 1 to train" in capsys.readouterr().out


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


def test_a_run_under_nohup_survives_a_hang_up_and_ends_at_ctrl_c(tmp_path):
    with hung_run(tmp_path, ignored=signal.SIGHUP) as (process, pids):
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=patient())
    assert (process.returncode, err) == (130, "")
    assert are_gone(pids)
    assert "Interrupted." in out


def test_an_interrupted_plan_is_told_in_a_word(tmp_path):
    slow = tmp_path / "slow-python"
    slow.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nexec sleep 60\n")
    slow.chmod(0o755)
    command = [sys.executable, "-m", "bench", "plan", "--backend=jax", f"--python=jax={slow}"]
    process = start(command)
    wait_for((tmp_path / "started").exists, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=patient(50.0))
    assert (process.returncode, err) == (130, "Interrupted.\n")
