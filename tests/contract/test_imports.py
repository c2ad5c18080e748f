"""Imports point one way, and frameworks stay in the worker; each rule is seen to fail once."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from bench.core.paths import CHECKOUT
from tests.contract.source import Source, imports_of, is_within, source_at, sources_of

FRAMEWORKS = ("keras", "jax", "jaxlib", "tensorflow", "torch", "tf_keras", "flax", "torchvision")

#: Folders of tests that run without a framework.
FRAMEWORK_FREE = tuple(
    f"tests/{name}"
    for name in ("unit", "integration", "contract", "fault_injection", "fuzz", "fixtures")
)

#: Rooms that the child side knows whole; of any other room it knows the `messages.py` alone.
SHARED = ("bench.core", "bench.stats")


def wrong_imports(source: Source) -> set[str]:
    """Return the imports of a file of bench, data or models that the design forbids."""
    imported = imports_of(source)
    if is_within(source.module, ("bench.worker",)):
        return {name for name in imported if is_within(name, ("bench",)) and not _is_shared(name)}
    forbidden = {
        "bench": ("bench.worker", "models.lab", *FRAMEWORKS),
        "data": ("bench", "models", *FRAMEWORKS),
        "models": ("bench", "data", *FRAMEWORKS[1:]),
    }[source.module.split(".")[0]]
    wrong = {name for name in imported if is_within(name, forbidden)}
    if source.module.startswith("models"):
        wrong |= {name for name in imported if not _is_plain(name)}
    if source.module == "models.table":
        wrong |= {name for name in imported if is_within(name, FRAMEWORKS)}
    return wrong


def _is_shared(name: str) -> bool:
    """Return whether the worker may import `name`: itself, a shared room, any room's messages."""
    if name == "bench" or is_within(name, ("bench.worker", *SHARED)):
        return True
    return name.split(".")[2:3] == ["messages"]


def _is_plain(name: str) -> bool:
    """Return whether a workload may import `name`: keras, the standard library, its siblings."""
    root = name.split(".")[0]
    return root in ("keras", "models") or root in sys.stdlib_module_names


@pytest.mark.parametrize("source", sources_of("bench", "data", "models"), ids=lambda s: s.path)
def test_a_file_imports_only_what_the_design_allows(source):
    assert wrong_imports(source) == set()


def import_cycle(sources: list[Source]) -> list[str]:
    """Return modules that import each other when they are loaded, in a circle; none if all is well.

    Only imports at the top level count: those inside a function wait for its call.
    """
    known = {source.module for source in sources}
    graph = {source.module: _loaded_with(source) & known - {source.module} for source in sources}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _loaded_with(source: Source) -> set[str]:
    found: set[str] = set()
    for node in source.tree.body:
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{alias.name}" for alias in names)}
    return found


def test_no_modules_import_each_other_in_a_circle():
    assert import_cycle(sources_of("bench", "data", "models", "validation")) == []


def test_a_circle_of_imports_is_caught_and_one_inside_a_function_allowed():
    first = source_at("bench/a.py", "from bench.b import x")
    second = source_at("bench/b.py", "from bench import a")
    later = source_at("bench/b.py", "def f():\n    from bench import a")
    assert set(import_cycle([first, second])) == {"bench.a", "bench.b"}
    assert import_cycle([first, later]) == []


def test_the_package_files_of_bench_import_nothing():
    for source in sources_of("bench", "data", "models"):
        if source.module in ("bench", "data", "models", "bench.worker"):
            assert imports_of(source) == set()


def test_no_test_without_a_framework_imports_one():
    for source in sources_of(*FRAMEWORK_FREE):
        found = {name for name in imports_of(source) if is_within(name, FRAMEWORKS)}
        assert found == set(), source.path


@pytest.mark.parametrize(
    ("path", "text", "wrong"),
    [
        ("bench/runner/plan.py", "import keras", "keras"),
        ("bench/runner/plan.py", "import numpy, torch.nn as nn", "torch.nn"),
        ("bench/runner/plan.py", "def f():\n    from jax import numpy", "jax"),
        ("bench/runner/plan.py", "import importlib\nimportlib.import_module('keras')", "keras"),
        ("bench/runner/plan.py", "x = __import__('tensorflow')", "tensorflow"),
        ("bench/runner/plan.py", "if TYPE_CHECKING:\n    import keras.models", "keras.models"),
        ("bench/runner/plan.py", "from bench.worker.train import run_job", "bench.worker.train"),
        ("bench/runner/plan.py", "from bench import worker", "bench.worker"),
        ("bench/runner/plan.py", "from ..worker import train", "bench.worker"),
        ("bench/worker/parity.py", "from bench.parity.compare import x", "bench.parity.compare"),
        ("bench/runner/plan.py", "from models.lab import build_deep", "models.lab"),
        ("bench/worker/train.py", "from bench.storage.store import Store", "bench.storage.store"),
        ("data/digits.py", "import keras", "keras"),
        ("data/digits.py", "from bench.core.cell import Cell", "bench.core.cell"),
        ("data/digits.py", "from models.table import WORKLOADS", "models.table"),
        ("models/lab.py", "from bench.core.cell import Cell", "bench.core.cell"),
        ("models/lab.py", "from data.digits import x", "data.digits"),
        ("models/lab.py", "import torch", "torch"),
        ("models/lab.py", "import numpy", "numpy"),
        ("models/table.py", "import keras", "keras"),
    ],
)
def test_the_rules_catch_a_forbidden_import(path, text, wrong):
    assert wrong in wrong_imports(source_at(path, text))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "bench/worker/resolved_settings.py",
            "import keras, jax\nfrom bench.core.record import Scalar",
        ),
        ("bench/worker/train.py", "from data.dataset import open_dataset\nfrom .build import x"),
        ("models/lab.py", "import keras\nfrom keras import layers\nimport math"),
        ("models/table.py", "from dataclasses import dataclass"),
        ("bench/report/write.py", "import pandas\nfrom bench.core.text import one_line"),
        ("bench/cli/main.py", "from bench import cell, run"),
        ("bench/runner/plan.py", "WORKER = 'bench.worker'\nkeras = 'keras'"),
    ],
)
def test_the_rules_allow_what_the_design_allows(path, text):
    assert wrong_imports(source_at(path, text)) == set()


_IMPORT_ALL = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
print(*sorted(set(sys.argv[1].split()) & set(sys.modules)))
"""


def loaded_frameworks(*modules: str, path: str = str(CHECKOUT)) -> list[str]:
    """Return the frameworks that a fresh process holds after it imported `modules`."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT_ALL, " ".join(FRAMEWORKS), *modules],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_whole_harness_is_imported_without_a_framework():
    modules = [
        source.module
        for source in sources_of("bench", "data")
        if not is_within(source.module, ("bench.worker",))
    ]
    assert loaded_frameworks(*modules, "models.table") == []


def test_a_framework_that_is_imported_on_the_side_would_be_seen(tmp_path):
    (tmp_path / "torch.py").touch()
    (tmp_path / "innocent.py").write_text("import torch")
    assert loaded_frameworks("innocent", path=str(tmp_path)) == ["torch"]
