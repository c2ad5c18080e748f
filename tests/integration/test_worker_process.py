"""The one way to start a child: heard, timed out, and gone with all that it started."""

import os
import signal
import sys
from pathlib import Path
from time import monotonic, process_time

import psutil
import pytest

from bench.runner.worker_process import Silence, StartError, WorkerProcess, open_pipe
from bench.system.orphans import no_new_children
from bench.system.signals import wakeup_pipe
from tests.contract.source import imports_of, is_within, sources_of
from tests.fixtures.fake_python import are_gone, hung_pids
from tests.fixtures.present import present

FIXTURES = Path(__file__).parents[1] / "fixtures"
KINDS = ["orphan", "daemon"]

#: Those that wait at once for the answer of an interpreter or of git, and a pool of simulations.
OTHERS = {
    "bench/system/interpreter.py",
    "bench/system/machine.py",
    "validation/gate/simulation_run.py",
    # Keras's examples: pip, a data folder's commands, and the examples by plain Python.
    "validation/keras_examples/environment.py",
    "validation/keras_examples/folder.py",
    "validation/keras_examples/run.py",
}


def child(log, source: str, **options) -> WorkerProcess:
    """Return a child that runs a Python source among the fixtures, with its output in a log."""
    command = [sys.executable, "-S", "-c", f"import sys, os, signal\n{source}"]
    return WorkerProcess(command, {"PYTHONPATH": str(FIXTURES)}, log, **options)


def leaving(mode: str) -> str:
    return f"from fake_child import leave_child\nleave_child({mode!r})"


def pids_in(log) -> list[int]:
    """Return the ids that a fake printed, its own and its child's."""
    return hung_pids(Path(log.name).read_text())


def heard_pids(worker: WorkerProcess, log) -> list[int]:
    """Return the ids that a fake printed before it wrote to its pipe."""
    assert worker.listen(monotonic() + 60) == b"x"
    return pids_in(log)


@pytest.fixture
def log(tmp_path):
    with (tmp_path / "log").open("w+b") as file:
        yield file


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_child_leaves_is_gone_behind_the_block(log, kind):
    with child(log, leaving(kind)) as worker:
        assert worker.wait(60)
    pids = pids_in(log)
    assert len(pids) == 2 and not any(map(psutil.pid_exists, pids))
    assert worker.exit_status == 0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_in_the_block_leaves_nothing_either(log, kind, error):
    events, writer = open_pipe()
    source = f"{leaving(kind)}\nos.write({writer.fileno()}, b'x')\nsignal.pause()"
    with (
        events,
        pytest.raises(error),
        child(log, source, events=events, handed=[writer]) as worker,
    ):
        assert len(heard_pids(worker, log)) == 2
        raise error
    assert not any(map(psutil.pid_exists, pids_in(log)))
    assert worker.exit_status == -signal.SIGKILL


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_leaves_nothing_either(log, kind):
    with child(log, leaving(f"{kind}_hang")) as worker:
        assert not worker.wait(1.0)
    pids = pids_in(log)
    assert len(pids) == 2 and not any(map(psutil.pid_exists, pids))


def test_the_end_of_one_child_leaves_another_and_its_children(log, tmp_path):
    events, writer = open_pipe()
    source = f"""
sys.stdin.close(); sys.path.insert(0, {str(FIXTURES)!r})
os.write({writer.fileno()}, b'a')
signal.sigwait([signal.SIGUSR1])
{leaving("orphan")}
os.write({writer.fileno()}, b'x')
signal.pause()"""
    blocked = f"signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\n{source}"
    with events, child(log, blocked, events=events, handed=[writer]) as first:
        assert first.listen(monotonic() + 60) == b"a"
        with (tmp_path / "other").open("w+b") as other, child(other, leaving("daemon")) as second:
            os.kill(
                present(first._process).pid, signal.SIGUSR1
            )  # its child is younger than the second
            pids = heard_pids(first, log)
            assert second.wait(60)
        assert not any(map(psutil.pid_exists, hung_pids((tmp_path / "other").read_text())))
        assert len(pids) == 2 and all(map(psutil.pid_exists, pids))
    assert not any(map(psutil.pid_exists, pids))


def test_it_is_heard_until_it_closes_its_pipe_and_then_until_it_ends(log):
    events, writer = open_pipe()
    end = writer.fileno()
    source = f"os.write({end}, b'one'); os.close({end})"
    with events, child(log, source, events=events, handed=[writer]) as worker:
        heard = [worker.listen(monotonic() + 60) for _ in range(4)]
    assert heard == [b"one", b"", Silence.ENDED, Silence.ENDED]
    assert writer.closed


@pytest.mark.parametrize("kind", KINDS)
def test_a_child_of_it_that_holds_its_pipe_does_not_hide_its_end(log, kind):
    events, writer = open_pipe()
    with events, child(log, leaving(kind), events=events, handed=[writer]) as worker:
        assert worker.listen(monotonic() + 60) is Silence.ENDED


def test_a_deadline_ends_the_wait_and_the_wait_costs_no_time_of_a_processor(log):
    with child(log, "signal.pause()") as worker:
        begin, used = monotonic(), process_time()
        assert worker.listen(begin + 0.5) is Silence.LATE
        assert monotonic() - begin >= 0.5 and process_time() - used < 0.1
    assert worker.exit_status == -signal.SIGKILL


@pytest.mark.parametrize("step", ["_start", "_kill"])
def test_an_interruption_is_held_while_it_starts_and_while_it_is_killed(
    log, monkeypatch, own_signals, step
):
    made = []
    real = getattr(WorkerProcess, step)

    def interrupted(self):
        signal.raise_signal(signal.SIGINT)
        real(self)
        made.append(self)

    monkeypatch.setattr(WorkerProcess, step, interrupted)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt), child(log, leaving("daemon_hang")) as worker:
        worker.wait(1.0)
    assert len(made) == 1 and made[0].exit_status == -signal.SIGKILL
    assert not any(map(psutil.pid_exists, pids_in(log)))


def test_what_cannot_be_started_is_one_sentence_and_leaves_no_descriptor(log):
    before = len(list(Path("/proc/self/fd").iterdir()))
    events, writer = open_pipe()
    with (
        events,
        pytest.raises(StartError, match=r"^/no/python cannot be started: No such file or dir.*\.$"),
        WorkerProcess(["/no/python"], {}, log, events=events, handed=[writer]),
    ):
        raise AssertionError("it cannot be entered")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_one_that_cannot_be_watched_is_killed(log, monkeypatch):
    def fails(pid):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("bench.runner.worker_process.os.pidfd_open", fails)
    worker = child(log, "signal.pause()")
    with pytest.raises(StartError, match="cannot be started: Too many open files"), worker:
        raise AssertionError("it cannot be entered")
    assert worker.exit_status == -signal.SIGKILL


def test_a_block_without_new_children_kills_what_it_started_and_nothing_older(log):
    older = child(log, "signal.pause()")
    with older:
        with pytest.raises(KeyboardInterrupt), no_new_children():
            younger = child(log, "signal.pause()").__enter__()
            raise KeyboardInterrupt
        pid = present(younger._process).pid
        assert are_gone([pid]) and not are_gone([present(older._process).pid], 0)
        younger.__exit__(None, None, None)


def test_blocks_within_one_another_are_woken_by_one_pipe():
    with wakeup_pipe() as outer:
        with wakeup_pipe() as inner:
            assert inner == outer
        with wakeup_pipe() as again:
            assert again == outer
    former = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(former)
    assert former == -1


def test_no_other_module_starts_a_worker():
    starters = {
        source.path
        for source in sources_of("bench", "data", "models", "validation")
        if any(is_within(name, ("subprocess", "multiprocessing")) for name in imports_of(source))
        or any(f"os.{call}(" in source.text for call in ("fork", "posix_spawn", "system", "popen"))
    }
    assert starters == {"bench/runner/worker_process.py", *OTHERS}
