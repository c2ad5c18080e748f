"""What every test gets: no setting of the user's own, and caches and locks of the session alone."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

from bench.core.paths import CHECKOUT
from bench.system import calibration
from bench.system.interpreter import probe_versions
from tests.fixtures.light_bench import LIGHT

# The same examples on every run, none of them timed: this machine may be busy.
hypothesis.settings.register_profile("suite", derandomize=True, deadline=None, max_examples=40)
hypothesis.settings.load_profile("suite")
set_hypothesis_home_dir(CHECKOUT / ".pytest_cache" / "hypothesis")
# The hundreds of launches of fake workers are each calibrated twice: real clocks, but little work.
for _name, _size in LIGHT.items():
    setattr(calibration, _name, _size)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("session")


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, session_folder: Path) -> None:
    """Take away what the user set for the harness; prepare datasets once per session."""
    for name in [name for name in os.environ if name.startswith("KERAS_BENCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KERAS_BENCH_CACHE", str(session_folder / "cache"))
    monkeypatch.setenv("KERAS_BENCH_LOCK", str(session_folder / "timing.lock"))
    monkeypatch.setenv("KERAS_BENCH_REPORTS", str(session_folder / "reports"))
    probe_versions.cache_clear()


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Put back the signal handlers that `cli.main` installs."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
