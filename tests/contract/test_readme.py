"""The README stays true: every column of every CSV stands there with its meaning."""

from pathlib import Path

import pytest

from bench.cell import BACKENDS
from bench.cli import Exit
from bench.report.columns import BACKEND_GROUP, CELLS_COLUMNS, COMPARISON_COLUMNS, EPOCHS_COLUMNS
from bench.suite import suite_names
from data.catalogue import DATASETS

_ROOT = Path(__file__).resolve().parents[2]
README = (_ROOT / "README.md").read_text(encoding="utf-8")
CI = (_ROOT / ".ci" / "run").read_text(encoding="utf-8")

_GROUPS = {f"{backend}_{name}": name for backend in BACKENDS for name in BACKEND_GROUP}
_EXPECTED = {
    (f"BACKEND_{_GROUPS[column.name]}" if column.name in _GROUPS else column.name, column.meaning)
    for column in (*EPOCHS_COLUMNS, *CELLS_COLUMNS, *COMPARISON_COLUMNS)
}


@pytest.mark.parametrize(("name", "meaning"), sorted(_EXPECTED))
def test_the_readme_explains_the_column(name: str, meaning: str) -> None:
    assert f"| `{name}` | {meaning} |" in README


@pytest.mark.parametrize("code", list(Exit))
def test_the_readme_explains_the_exit_code(code: Exit) -> None:
    assert f"| {code.value} | " in README


@pytest.mark.parametrize("name", [*suite_names(), *DATASETS])
def test_the_readme_names_each_suite_and_dataset(name: str) -> None:
    assert f"| `{name}" in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = CI.strip().splitlines()[-1]
    assert command.endswith(".venv/bin/tox")
    assert f"```sh\n{command}\n```" in README
