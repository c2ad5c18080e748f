"""The README stays true: each column of each CSV stands there with its meaning, and no other."""

import re
from pathlib import Path

import pytest

from bench.core.cell import BACKENDS
from bench.core.exit_codes import ExitCode
from bench.core.suite import suite_names
from bench.profiling.columns import GAPS_COLUMNS, LAYERS_COLUMNS
from bench.report.tables.cells import CELLS_COLUMNS
from bench.report.tables.compare_runs import COMPARE_COLUMNS
from bench.report.tables.comparison import BACKEND_GROUP, COMPARISON_COLUMNS
from bench.report.tables.epochs import EPOCHS_COLUMNS, STEPS_COLUMNS
from bench.report.tables.history import HISTORY_COLUMNS
from bench.report.tables.parity import PARITY_COLUMNS
from bench.report.tables.provenance import PROVENANCE_COLUMNS
from bench.report.tables.ratios import RATIOS_COLUMNS, ROUNDS_COLUMNS
from bench.report.write import CSV_TABLES
from data.registry import DATASETS

_ROOT = Path(__file__).resolve().parents[2]
README = (_ROOT / "README.md").read_text(encoding="utf-8")
CI = (_ROOT / ".ci" / "run").read_text(encoding="utf-8")

_GROUPS = {f"{backend}_{name}": name for backend in BACKENDS for name in BACKEND_GROUP}
_EXPECTED = {
    (f"BACKEND_{_GROUPS[column.name]}" if column.name in _GROUPS else column.name, column.meaning)
    for columns in (
        *(EPOCHS_COLUMNS, CELLS_COLUMNS, COMPARISON_COLUMNS, PROVENANCE_COLUMNS),
        *(ROUNDS_COLUMNS, RATIOS_COLUMNS, PARITY_COLUMNS, STEPS_COLUMNS),
        *(COMPARE_COLUMNS, HISTORY_COLUMNS, LAYERS_COLUMNS, GAPS_COLUMNS),
    )
    for column in columns
}
_CSVS = README.partition("\n## The CSVs\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(("name", "meaning"), sorted(_EXPECTED))
def test_the_readme_explains_the_column(name: str, meaning: str) -> None:
    assert f"| `{name}` | {meaning} |" in _CSVS


def test_the_readme_explains_no_column_that_there_is_not() -> None:
    assert set(re.findall(r"^\| `(\w+)` \| (.+) \|$", _CSVS, re.MULTILINE)) <= _EXPECTED


@pytest.mark.parametrize("table", [*CSV_TABLES, "compare", "history", "layers", "gaps"])
def test_the_readme_says_what_each_table_holds(table: str) -> None:
    assert f"`{table}.csv` has " in _CSVS


@pytest.mark.parametrize("code", list(ExitCode))
def test_the_readme_explains_the_exit_code(code: ExitCode) -> None:
    assert f"| {code.value} | " in README


@pytest.mark.parametrize("name", [*suite_names(), *DATASETS])
def test_the_readme_names_each_suite_and_dataset(name: str) -> None:
    assert f"| `{name}" in README


def test_ci_runs_the_test_command_of_the_readme() -> None:
    [command] = [line for line in CI.splitlines() if line.startswith("python3 -m venv")]
    assert command.endswith(".venv/bin/tox")
    assert f"```sh\n{command}\n```" in README
    assert f"`{CI.strip().splitlines()[-1]}`" in README
