"""One launch: every way in which a worker can end, with a real process that imports no keras."""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import bench.runner.launch
from bench.core.cell import Cell
from bench.core.job import Job, Progress
from bench.runner.launch import LaunchOutcome, launch
from bench.runner.worker_process import WorkerProcess
from bench.system.environment import resolve_environment
from tests.fixtures.fake_python import FAKE_WORKER, are_gone, hung_pids
from tests.fixtures.present import present
from tests.fixtures.processes import patient

#: Long enough for Python to start on a busy machine, so that a hang really hangs.
HANG_TIMEOUT_SECONDS = patient(1.0)
FAKE = ("-I", "-S", str(FAKE_WORKER))


def make_job(mode: str, epochs: int = 2) -> Job:
    cell = Cell(workload="x", dataset="digits", backend="torch", batch_size=16, epochs=epochs)
    return Job(
        cell=cell,
        builder=f"fake:{mode}",
        optimizer="adam",
        loss="categorical_crossentropy",
        metrics=("accuracy",),
        dataset_folder="unused",
        output_path="",
    )


def end_of(
    mode: str,
    folder: Path,
    *,
    timeout_seconds: float = 60.0,
    base_environment: Mapping[str, str] = os.environ,
    **options,
) -> LaunchOutcome:
    """Return how a launch of the fake worker in `mode` ended."""
    job = make_job(mode)
    log_path = folder / "logs" / "worker.log"
    options = {"command": FAKE, **options}
    return launch(
        job,
        sys.executable,
        environment=resolve_environment(job.cell, base_environment),
        log_path=log_path,
        timeout_seconds=timeout_seconds,
        **options,
    )


def start_only(python: str, folder: Path) -> LaunchOutcome:
    """Return how a launch ended whose interpreter is `python`, which cannot be started."""
    job = make_job("ok")
    return launch(
        job,
        python,
        environment=resolve_environment(job.cell, os.environ),
        log_path=folder / "log",
        timeout_seconds=60,
    )


def test_a_worker_that_gives_a_result_is_ok(tmp_path):
    outcome = end_of("ok", tmp_path)
    assert outcome.output.reason is None
    assert [epoch.train_seconds for epoch in present(outcome.output.result).epochs] == [0.25, 0.25]
    assert outcome.exit_status == 0
    assert outcome.wall_seconds > 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", outcome.started_at)


def test_a_worker_that_gives_a_reason_hands_it_on(tmp_path):
    assert end_of("reason", tmp_path).output.reason == (
        "NonFiniteLossError: loss is nan in epoch 1"
    )


def test_a_crash_before_the_result_is_told_with_status_and_last_words(tmp_path):
    outcome = end_of("crash", tmp_path)
    assert outcome.output.reason == "exited with status 1 before it wrote a result: no such layer"
    assert outcome.exit_status == 1
    assert outcome.log_tail == "no such layer\n"


def test_an_end_without_a_word_is_told_as_that(tmp_path):
    outcome = end_of("no such mode", tmp_path)
    assert outcome.output.reason == (
        "exited with status 0 before it wrote a result: its log is empty"
    )


def test_a_crash_at_exit_after_the_result_is_ok_and_its_status_is_kept(tmp_path):
    outcome = end_of("crash_at_exit", tmp_path)
    assert outcome.output.result is not None
    assert outcome.exit_status == -signal.SIGSEGV


def test_a_sigkill_is_told_as_possibly_out_of_memory(tmp_path):
    outcome = end_of("sigkill", tmp_path)
    assert outcome.output.reason == "killed by SIGKILL, possibly out of memory"
    assert outcome.exit_status == -signal.SIGKILL


def test_a_signal_without_a_name_is_told_by_its_number(tmp_path):
    number = signal.SIGRTMIN + 3
    assert end_of("realtime_signal", tmp_path).output.reason == f"killed by signal {number}"


@pytest.mark.parametrize("mode", ["hang", "hang_deaf"])
def test_a_hang_ends_at_the_timeout_with_all_its_children(tmp_path, mode):
    outcome = end_of(mode, tmp_path, timeout_seconds=HANG_TIMEOUT_SECONDS)
    within = f"within the timeout of {HANG_TIMEOUT_SECONDS:g} s"
    assert outcome.output.reason == f"no result {within}; the worker was killed"
    assert outcome.exit_status == -signal.SIGKILL
    assert outcome.wall_seconds >= HANG_TIMEOUT_SECONDS
    pids = hung_pids(outcome.log_tail)
    assert len(pids) == 2
    assert are_gone(pids)


def test_a_hang_after_the_result_ends_at_the_timeout_and_the_result_counts(tmp_path):
    outcome = end_of("hang_after_result", tmp_path, timeout_seconds=HANG_TIMEOUT_SECONDS)
    assert outcome.output.result is not None
    assert outcome.exit_status == -signal.SIGKILL


def test_an_interruption_while_the_worker_starts_does_not_leave_it_behind(
    tmp_path, monkeypatch, own_signals
):
    started: list[WorkerProcess] = []

    def start_and_interrupt(self):
        start(self)
        started.append(self)
        signal.raise_signal(signal.SIGINT)

    start = WorkerProcess._start
    monkeypatch.setattr(WorkerProcess, "_start", start_and_interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        end_of("hang", tmp_path)
    [worker] = started
    assert worker.exit_status == -signal.SIGKILL


def test_a_hang_at_exit_does_not_last_until_the_timeout(tmp_path, monkeypatch):
    monkeypatch.setattr(bench.runner.launch, "EXIT_SECONDS", 0.1)
    outcome = end_of("hang_at_exit", tmp_path, timeout_seconds=60)
    assert outcome.output.result is not None
    assert outcome.wall_seconds < 60
    assert outcome.exit_status == -signal.SIGKILL


@pytest.mark.parametrize("mode", ["orphan", "daemon"])
def test_a_child_that_outlives_its_worker_is_killed(tmp_path, mode):
    outcome = end_of(mode, tmp_path)
    assert outcome.output.result is not None
    assert outcome.exit_status == 0
    pids = hung_pids(outcome.log_tail)
    assert len(pids) == 2
    assert are_gone(pids)


@pytest.mark.parametrize("mode", ["hang", "hang_deaf"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interruption_kills_the_worker_and_its_children(tmp_path, mode, error):
    def interrupt(_):
        raise error

    with pytest.raises(error):
        end_of(mode, tmp_path, on_progress=interrupt)
    pids = hung_pids((tmp_path / "logs" / "worker.log").read_text())
    assert len(pids) == 2
    assert are_gone(pids)


def test_a_signal_that_the_kernel_gave_to_another_thread_interrupts_too(tmp_path):
    interrupted, woken = threading.Event(), []

    def signal_itself():
        time.sleep(0.1)  # until the main thread is back in the kernel
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        woken.append(interrupted.wait(10))

    def raise_interrupt(signum, frame):
        raise KeyboardInterrupt

    thread = threading.Thread(target=signal_itself)
    former = signal.signal(signal.SIGUSR1, raise_interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            end_of("hang", tmp_path, timeout_seconds=20, on_progress=lambda _: thread.start())
    finally:
        interrupted.set()
        thread.join()
        signal.signal(signal.SIGUSR1, former)
    assert woken == [True]


@pytest.mark.parametrize("mode", ["garbage", "half", "nan", "deep", "blank_reason"])
def test_an_unusable_result_is_a_reason(tmp_path, mode):
    outcome = end_of(mode, tmp_path)
    assert outcome.output.result is None
    assert present(outcome.output.reason).startswith("the worker wrote an unusable result: ")


def test_a_folder_in_the_place_of_the_result_is_a_reason(tmp_path):
    assert "Is a directory" in present(end_of("folder", tmp_path).output.reason)


def test_a_worker_out_of_memory_says_so(tmp_path):
    outcome = end_of("memory", tmp_path)
    assert outcome.output.reason == ("exited with status 1 before it wrote a result: MemoryError")


def test_a_flood_of_output_is_kept_in_the_log_and_only_its_tail_in_the_record(tmp_path):
    outcome = end_of("chatty", tmp_path)
    assert outcome.output.result is not None
    assert outcome.log_tail.endswith("\ufffd line\nlast words\n")
    assert len(outcome.log_tail) <= 4_000
    assert (tmp_path / "logs" / "worker.log").stat().st_size > 4_000_000


def test_an_interpreter_that_is_not_there_is_a_reason(tmp_path):
    outcome = start_only("/no/python", tmp_path)
    assert outcome.output.reason == "/no/python cannot be started: No such file or directory."
    assert (outcome.exit_status, outcome.wall_seconds) == (None, 0.0)


def test_an_interpreter_that_is_no_program_is_a_reason(tmp_path):
    path = tmp_path / "python"
    path.write_text("not a program")
    path.chmod(0o755)
    outcome = start_only(str(path), tmp_path)
    assert outcome.output.reason == f"{path} cannot be started: Exec format error."


def test_epochs_are_told_while_the_worker_runs_and_noise_is_dropped(tmp_path):
    told: list[Progress] = []
    assert end_of("odd_events", tmp_path, on_progress=told.append).output.result is not None
    assert told == [Progress(epoch=1, epochs=2, epoch_seconds=0.5, loss=1.5, val_accuracy=0.25)]


def test_a_timeout_of_a_year_is_allowed(tmp_path):
    assert end_of("ok", tmp_path, timeout_seconds=3e7).output.result is not None


def test_a_worker_sees_the_listed_variables_only(tmp_path):
    base_environment = {
        **os.environ,
        "GITHUB_TOKEN": "hidden",
        "KERAS_BACKEND": "mxnet",
        "OMP_PLACES": "x",
    }
    outcome = end_of("environment", tmp_path, base_environment=base_environment)
    seen = json.loads(outcome.log_tail)
    assert "hidden" not in outcome.log_tail
    assert (seen["KERAS_BACKEND"], seen["OMP_PLACES"]) == ("torch", "x")
    assert seen["CUDA_VISIBLE_DEVICES"] == ""
    assert not Path(seen["KERAS_HOME"]).exists(), "it is a folder of that launch alone"


def test_a_launch_leaves_no_descriptor_and_no_scratch_folder_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    descriptors = Path("/proc/self/fd")
    before = len(list(descriptors.iterdir()))
    for mode in ("ok", "sigkill", "orphan"):
        end_of(mode, tmp_path)
    start_only("/no/python", tmp_path)
    assert len(list(descriptors.iterdir())) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "logs"]


def test_a_worker_has_no_input_and_its_own_group(tmp_path):
    outcome = end_of("ok", tmp_path, command=("-c", _TELL_GROUP))
    assert outcome.log_tail == "True True\n"


_TELL_GROUP = "import os, sys; print(os.getpgid(0) == os.getpid(), sys.stdin.read() == '')"
