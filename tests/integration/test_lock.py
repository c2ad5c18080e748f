"""The timing lock: one holder on the machine, told by name, freed however it ends."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.core.paths import CHECKOUT
from bench.system.timing_lock import MachineBusyError, default_lock_path, timing_lock

_HOLDER = """
import sys
from pathlib import Path
from bench.system.timing_lock import timing_lock
with timing_lock(Path(sys.argv[1]), "run 7, process 42"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _HOLDER, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin and process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def test_a_second_process_is_refused_with_the_name_of_the_first(tmp_path):
    path = tmp_path / "lock"
    with (
        another_holder(path),
        pytest.raises(MachineBusyError) as caught,
        timing_lock(path, "me"),
    ):
        pass
    assert "(run 7, process 42)" in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_lock_is_free_after_its_holder_was_killed(tmp_path):
    path = tmp_path / "lock"
    with another_holder(path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with timing_lock(path, "me"):
            assert path.read_text() == "me"


def test_the_lock_is_free_after_an_error(tmp_path):
    path = tmp_path / "lock"
    with pytest.raises(KeyboardInterrupt), timing_lock(path, "a holder with a long name"):
        raise KeyboardInterrupt
    with timing_lock(path, "me"):
        assert path.read_text() == "me"


def test_a_second_holder_in_the_same_process_is_refused_too(tmp_path):
    path = tmp_path / "lock"
    with timing_lock(path, "first"):
        with pytest.raises(MachineBusyError, match=r"\(first\)"), timing_lock(path, "second"):
            pass
        assert path.read_text() == "first"


def test_a_child_does_not_inherit_the_lock(tmp_path):
    path = tmp_path / "lock"
    with timing_lock(path, "me"):
        child = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with timing_lock(path, "next"):
            pass
    finally:
        child.communicate(b"\n")


def test_every_user_may_hold_the_lock_after_us(tmp_path):
    path = tmp_path / "lock"
    before = os.umask(0o077)
    try:
        with timing_lock(path, "me"):
            assert path.stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_a_lock_that_cannot_be_opened_is_one_sentence_with_the_way_out(tmp_path):
    for path in (tmp_path, tmp_path / "none" / "lock"):
        with pytest.raises(MachineBusyError, match="KERAS_BENCH_LOCK"), timing_lock(path, "me"):
            pass


def test_a_link_is_not_followed_and_its_target_is_kept(tmp_path):
    (tmp_path / "thesis").write_text("years of work")
    (tmp_path / "lock").symlink_to(tmp_path / "thesis")
    with pytest.raises(MachineBusyError), timing_lock(tmp_path / "lock", "me"):
        pass
    assert (tmp_path / "thesis").read_text() == "years of work"


def test_the_lock_is_one_for_the_machine_unless_the_user_names_another(monkeypatch):
    monkeypatch.setenv("KERAS_BENCH_LOCK", "/run/mine.lock")
    assert default_lock_path() == Path("/run/mine.lock")
    monkeypatch.delenv("KERAS_BENCH_LOCK")
    assert default_lock_path().name == "keras-bench.lock"
    assert CHECKOUT not in default_lock_path().parents


def test_a_full_disk_takes_the_name_of_the_holder_and_not_the_lock(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    path = tmp_path / "lock"
    with (
        timing_lock(path, "first"),
        pytest.raises(MachineBusyError, match=r"\(unknown\)"),
        timing_lock(path, "second"),
    ):
        pass
