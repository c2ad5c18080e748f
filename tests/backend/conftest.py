"""Fixtures of the tests that really train."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.bench_command import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


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
