"""Fixtures of the tests that really train, and how two processes of pytest-xdist share them."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.fixtures.bench_command import Bench
from tests.fixtures.kinds import KINDS, Found, train_kinds

_CPUS = os.sched_getaffinity(0)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in this hook too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share a training in one process of xdist.

    They share a fixture of their module, or the training of all kinds of model files.
    """
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        if "trained" in item.fixturenames:
            item.add_marker(pytest.mark.xdist_group("trained_kinds"))
        elif _shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def _shares_a_fixture(test: pytest.Function) -> bool:
    definitions = test._fixtureinfo.name2fixturedefs.values()
    return any(overrides[-1].scope == "module" for overrides in definitions)


def _share_of(cpus: set[int]) -> set[int]:
    """Return the CPUs of this process of pytest-xdist; without it, or with too few CPUs, all."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return set(sorted(cpus)[int(worker) :: workers]) or cpus


@pytest.fixture(scope="session", autouse=True)
def own_cpus() -> Iterator[None]:
    """Let what is trained here have threads for its share of the CPUs only.

    Two trainings in PyTorch that compete for CPUs take many times as long as one after the other.
    """
    os.sched_setaffinity(0, _share_of(_CPUS))
    yield
    os.sched_setaffinity(0, _CPUS)


@pytest.fixture(scope="module")
def all_cpus() -> Iterator[None]:
    """Let what is trained here have threads for all CPUs, whatever else is trained."""
    os.sched_setaffinity(0, _CPUS)
    yield
    os.sched_setaffinity(0, _share_of(_CPUS))


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let JAX keep what it compiles: on one core a model of the lab takes it ten seconds each."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of all processes
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(folder / "jax"))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        yield


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a command that neither draws nor calibrates at length: the training is real."""
    return Bench(tmp_path, "tests.fixtures.light_bench")


@pytest.fixture(scope="module")
def module_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the same for all tests of a module."""
    return Bench(tmp_path_factory.mktemp("bench"), "tests.fixtures.light_bench")


@pytest.fixture(scope="module")
def drawing_bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the whole command, figures and calibration included, for all tests of a module."""
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
