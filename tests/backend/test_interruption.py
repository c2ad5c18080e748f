"""Ctrl-C in mid-training keeps what is finished and leaves no process behind."""

import signal
import subprocess

import psutil
import pytest

from bench.core.paths import CHECKOUT
from tests.fixtures.bench_command import Bench

_CELLS = ("--backend", "torch", "--workload", "lab_baseline", "--epochs", "2", "--limit-test", "16")


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_continues_from_its_last_record(
    bench: Bench, sent: signal.Signals
) -> None:
    arguments = ("run", *_CELLS, "--limit-train", "64", "--repeats", "2")
    with subprocess.Popen(
        bench.command(*arguments),
        env=bench.environment,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        # A shell's background jobs, these tests perhaps among them, start deaf to Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as run:
        assert run.stdout is not None
        while "(repetition 2): started" not in run.stdout.readline():
            assert run.poll() is None, "the run ended before its second repetition"
        workers: list[psutil.Process] = []
        while not workers:
            workers = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(sent)
        rest = run.stdout.read()
    assert run.returncode == 130
    assert "Interrupted. Every finished record is kept" in rest
    assert len(bench.records()) == 1
    assert not [worker for worker in workers if worker.is_running()]

    again = bench(*arguments)
    assert again.returncode == 0
    assert "1 stored (not trained again), 1 to train" in again.stdout
    assert [record.repetition for record in bench.records()] == [0, 1]
