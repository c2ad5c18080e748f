"""Sizes, exit codes and backend branches; each rule is seen to fail once."""

import ast

import pytest

from bench.core.paths import CHECKOUT
from tests.contract.source import (
    Source,
    exits_of,
    function_lengths,
    source_at,
    sources_of,
)

MOST_FILE_LINES = 300
MOST_FUNCTION_LINES = 40
MAY_EXIT = (
    *("bench/cli/main.py", "bench/__main__.py", "bench/worker/__main__.py"),
    "bench/worker/script_process.py",  # it catches the exit of a user's script
    *("validation/gate/__main__.py", "validation/overhead/__main__.py"),
    "validation/overhead/scripts.py",
    *("validation/keras_examples/__main__.py", "validation/keras_examples/bootstrap.py"),
    *("validation/compare_renamed.py", "validation/rebuild.py"),
)

SOURCES = sources_of("bench", "data", "models", "validation")


def too_long(source: Source) -> list[str]:
    """Return the file, if it is too long, and the names of its functions that are."""
    functions = [n for n, lines in function_lengths(source).items() if lines >= MOST_FUNCTION_LINES]
    file = [source.path] if len(source.text.splitlines()) >= MOST_FILE_LINES else []
    return file + functions


def backend_branches(source: Source) -> list[int]:
    """Return the lines that ask which backend runs."""
    asking = [
        node.lineno
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Attribute) and node.attr == "backend")
        or (isinstance(node, ast.Constant) and node.value == "KERAS_BACKEND")
        or (isinstance(node, ast.alias) and node.name.split(".")[-1] == "backend")
    ]
    return sorted(asking)


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.path)
def test_files_and_functions_are_short(source):
    assert too_long(source) == []


def test_a_long_file_and_a_long_function_are_caught():
    assert too_long(source_at("bench/a.py", "x = 1\n" * 299)) == []
    assert too_long(source_at("bench/a.py", "x = 1\n" * 300)) == ["bench/a.py"]
    body = "    x = 1\n"
    assert too_long(source_at("bench/a.py", "def f():\n" + body * 38)) == []
    assert too_long(source_at("bench/a.py", "def f():\n" + body * 39)) == ["f"]
    assert too_long(source_at("bench/a.py", "@cache\nasync def f():\n" + body * 38)) == ["f"]
    inner = "class A:\n    def f(self):\n" + f"    {body}" * 39
    assert too_long(source_at("bench/a.py", inner)) == ["f"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda s: s.path)
def test_only_the_command_lines_decide_about_exit_codes(source):
    if source.path not in MAY_EXIT:
        assert exits_of(source) == []


@pytest.mark.parametrize(
    "text",
    [
        "import sys\nsys.exit(1)",
        "raise SystemExit(2)",
        "raise SystemExit",
        "from sys import exit as leave",
        "import os\nos._exit(0)",
        "from os import _exit",
        "def f():\n    exit()",
        "quit()",
        "import os\nos.abort()",
    ],
)
def test_an_exit_is_caught(text):
    assert exits_of(source_at("bench/runner/plan.py", text))


def test_the_word_exit_alone_is_no_exit():
    text = "import contextlib\nclass A:\n    def __exit__(self, *_): self.exit = 'sys.exit'"
    assert exits_of(source_at("bench/runner/plan.py", text)) == []


@pytest.mark.parametrize("source", sources_of("models"), ids=lambda s: s.path)
def test_a_workload_does_not_ask_which_backend_runs(source):
    assert backend_branches(source) == []


@pytest.mark.parametrize(
    "text",
    [
        "import keras\nif keras.backend.backend() == 'jax': pass",
        "from keras.src import backend",
        "import os\nos.environ['KERAS_BACKEND']",
        "keras.config.backend()",
    ],
)
def test_a_backend_branch_is_caught(text):
    assert backend_branches(source_at("models/lab.py", text))


def public_names(source: Source) -> list[str]:
    """Return the public names that a file defines at its top level."""
    names: list[str] = []
    for node in source.tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.append(name)
            case ast.Assign(targets=targets):
                names += [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.append(name)
    # pytest gives its hooks their names.
    return [name for name in names if not name.startswith(("_", "pytest_"))]


def defined_twice(sources: list[Source]) -> dict[str, list[str]]:
    """Return the public names that several files define, with these files."""
    places: dict[str, list[str]] = {}
    for source in sources:
        for name in public_names(source):
            places.setdefault(name, []).append(source.path)
    return {name: paths for name, paths in places.items() if len(paths) > 1}


def test_no_public_name_is_defined_twice():
    assert defined_twice(SOURCES) == {}


def test_a_name_that_two_files_define_is_caught():
    first = source_at("bench/a.py", "class Side: pass\n_own = 1\nLIMIT: int = 1\n")
    second = source_at("data/b.py", "def Side(): pass\n_own = 2\nLIMIT = 2\n")
    paths = ["bench/a.py", "data/b.py"]
    assert defined_twice([first, second]) == {"Side": paths, "LIMIT": paths}


def test_bench_has_few_rooms():
    entries = [path for path in (CHECKOUT / "bench").iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 14, sorted(path.name for path in entries)


def test_files_of_bench_are_worth_opening():
    lines = sorted(len(source.text.splitlines()) for source in sources_of("bench"))
    assert lines[len(lines) // 2] >= 100
