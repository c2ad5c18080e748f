"""The rules of tests/unit: no test starts a process, and none takes over a second."""

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fixtures.edges import answer_for_fake_pythons, answer_for_git, draw_nothing
from tests.fixtures.processes import patient

#: Of the processor, not of a clock on the wall: a busy machine fails no test.
MOST_CPU_SECONDS: Final = 1.0

_FOLDER: Final = Path(__file__).parent
_STARTS: Final = frozenset(
    ("subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.exec", "os.system")
)
#: What the running unit test started, None outside of one.
_started: list[str] | None = None


class UnitTestError(Exception):
    """A test does not belong into tests/unit."""


def _refuse_processes(event: str, arguments: tuple[object, ...]) -> None:
    if _started is not None and event in _STARTS:
        _started.append(" ".join(map(str, (event, *arguments[:1]))))
        raise UnitTestError(f"A unit test starts a process ({_started[-1]}): tests/integration.")


sys.addaudithook(_refuse_processes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Refuse processes while a test of this folder runs; other folders pass here too."""
    global _started
    _started = [] if _FOLDER in item.path.parents else None
    try:
        return (yield)
    finally:
        _started = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Fail a test that takes too long, or started a process and caught our error."""
    begin = time.process_time()
    result = yield
    seconds = time.process_time() - begin
    if _started:
        raise UnitTestError(f"A unit test starts a process ({_started[0]}): tests/integration.")
    if seconds > patient(MOST_CPU_SECONDS):  # a crowded processor's caches make all tests slower
        raise UnitTestError(
            f"A unit test took {seconds:.2f} s of the processor, where {MOST_CPU_SECONDS:g} s are "
            f"allowed: make it quicker, or move it to tests/integration."
        )
    return result


@pytest.fixture(scope="session", autouse=True)
def tables_of_text() -> None:
    """Let hypothesis make its tables of Unicode, a second's work, before any test is timed."""

    @given(st.text())
    def feed(text: str) -> None:
        assert text == text[:]

    feed()


@pytest.fixture(scope="session", autouse=True)
def imported_statistics() -> None:
    """Import what a first call would import otherwise, another second's work."""
    import_module("scipy.stats")


@pytest.fixture(autouse=True)
def no_outer_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither git nor an interpreter is asked, and nothing is drawn."""
    answer_for_git(monkeypatch)
    answer_for_fake_pythons(monkeypatch)
    draw_nothing(monkeypatch)
