"""A file that makes its data: how its dataset is chosen, and the tables of its functions."""

from pathlib import Path

import pytest

from bench.core.cell import OWN_DATA
from bench.core.model_file import FILE_FUNCTIONS, FIT_ARGUMENTS, FROM_ELSEWHERE
from bench.core.suite import Overrides, SuiteError, expand, load_suite
from bench.core.workload import dataset_of, local_dataset_of, makes_data

_BUILD = "def build():\n    pass\n\n\n"


@pytest.mark.parametrize(
    ("source", "function", "makes"),
    [
        (f"{_BUILD}def data(batch_size):\n    pass\n", "build", True),
        (f"{_BUILD}def data():\n    yield 1\n", "build", True),
        (f"import functools\n{_BUILD}@functools.cache\ndef data():\n    pass\n", "build", True),
        (_BUILD, "build", False),
        (f"{_BUILD}from other import data\n", "build", False),
        (f"{_BUILD}data = [1, 2]\n", "build", False),
        (f"{_BUILD}class A:\n    def data(self):\n        pass\n", "build", False),
        ("def data():\n    pass\n", "data", False),
        ("def data(:\n", "build", False),
    ],
    ids=[
        *("function", "generator", "decorated", "none", "imported", "list", "method", "builder"),
        "not Python",
    ],
)
def test_data_are_a_function_of_the_file_itself(
    source: str, function: str, makes: bool, tmp_path: Path
) -> None:
    path = tmp_path / "my.py"
    path.write_text(source)
    name = f"{path}:{function}"
    assert makes_data(name) is makes
    wanted = OWN_DATA if makes else "digits"
    assert (dataset_of(name), local_dataset_of(name)) == (wanted, wanted)


def datasets(workload: str, chosen: str | None = None) -> set[str]:
    """Return the datasets of the cells that the suite quick makes of a workload."""
    suite, choices = load_suite("quick"), Overrides(workloads=(workload,), dataset=chosen)
    return {cell.dataset for cell in expand(suite, choices, "quick")}


def test_own_data_are_the_default_and_may_be_named_or_replaced(tmp_path: Path) -> None:
    path = tmp_path / "my.py"
    path.write_text(f"{_BUILD}def data():\n    pass\n")
    workload = f"{path}:build"
    assert datasets(workload) == datasets(workload, OWN_DATA) == {OWN_DATA}
    assert datasets(workload, "mnist") == {"mnist"}


@pytest.mark.parametrize("workload", ["mlp", "FILE"])
def test_own_data_of_a_workload_without_them_are_refused(workload: str, tmp_path: Path) -> None:
    path = tmp_path / "my.py"
    path.write_text(_BUILD)
    name = f"{path}:build" if workload == "FILE" else workload
    with pytest.raises(SuiteError, match=f"function data of a model's file, and {name} has none"):
        datasets(name, OWN_DATA)


def test_each_function_and_each_argument_of_fit_is_explained() -> None:
    assert [*FILE_FUNCTIONS] == ["data", "adapt", "callbacks", "fit_arguments", "train"]
    assert all(
        each.parameters and each.returns and each.purpose for each in FILE_FUNCTIONS.values()
    )
    assert not FIT_ARGUMENTS.keys() & FROM_ELSEWHERE.keys()
    assert all(FIT_ARGUMENTS.values())
