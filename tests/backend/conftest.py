"""Fixtures of the tests that really train."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.fixtures.bench_command import Bench
from tests.fixtures.kinds import KINDS, Found, train_kinds


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let JAX keep what it compiles: on one core a model of the lab takes it ten seconds each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("jax")))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.5")
        yield


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a command that neither draws nor calibrates at length: the training is real."""
    return Bench(tmp_path, "tests.fixtures.light_bench")


@pytest.fixture(scope="module")
def module_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture
def user_file(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that writes a user's file outside the repository and names its `build`."""

    def write(source: str) -> str:
        path = tmp_path / "my_model.py"
        path.write_text(source)
        return f"{path}:build"

    return write


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Found]:
    """Return a function that trains all kinds of model files on a backend, once."""

    def train(backend: str) -> Found:
        return train_kinds(backend, tmp_path_factory.mktemp(backend), KINDS[backend])

    return cache(train)
