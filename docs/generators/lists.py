"""The reference of what one can choose: workloads, datasets, suites, exit codes, variables."""

from collections.abc import Iterable

from bench.core.cell import BACKENDS, PROTOCOL_VERSION
from bench.core.exit_codes import EXIT_MEANINGS, ExitCode
from bench.core.model_file import FILE_FUNCTIONS, FIT_ARGUMENTS
from bench.core.record import READABLE_VERSIONS, RECORD_VERSION
from bench.core.suite import Entry, load_suite, suite_names
from bench.core.workload import USER_SCRIPTS, USER_WORKLOADS
from bench.system.environment import PERFORMANCE_PREFIXES
from data.registry import DATASETS, USER_DATASETS
from docs.generators.markdown import table
from models.table import WORKLOADS, Workload


def exit_code_table() -> str:
    """Return a row per exit code, with its meaning."""
    rows = [(str(code.value), EXIT_MEANINGS[code]) for code in ExitCode]
    return table(("exit code", "meaning"), rows, right=[0])


def workload_table() -> str:
    """Return a row per workload: what it is, its counts and its recipe."""
    head = ("workload", "purpose", "parameters", "trainable", "forward MACs", "dataset", "recipe")
    return table(head, [_workload(*each) for each in WORKLOADS.items()], right=[2, 3, 4])


def _workload(name: str, workload: Workload) -> tuple[str, ...]:
    counts = (workload.parameters, workload.trainable_parameters, workload.forward_macs)
    recipe = workload.recipe
    optimizer = recipe.optimizer
    if isinstance(optimizer, dict):
        values = ", ".join(f"{key} {value}" for key, value in optimizer["config"].items())
        optimizer = f"{optimizer['class_name']} ({values})"
    text = f"{optimizer}; {recipe.loss}; batches of {recipe.batch_size}; {recipe.epochs} epochs"
    numbers = (f"{count:,}" for count in counts)
    return (f"`{name}`", workload.summary, *numbers, f"`{workload.dataset}`", text)


def user_workload_table() -> str:
    """Return a row per way to name a workload of one's own."""
    return table(("name", "meaning"), _named({**USER_WORKLOADS, **USER_SCRIPTS}.items()))


def file_function_table() -> str:
    """Return a row per function that a model's file may have beside its builder."""
    rows = [
        (f"`{name}({', '.join(each.parameters)})`", each.purpose, each.returns)
        for name, each in FILE_FUNCTIONS.items()
    ]
    return table(("function and its parameters", "purpose", "returns"), rows)


def fit_argument_table() -> str:
    """Return a row per argument of `fit` that a model's file may give."""
    return table(("argument", "meaning"), _named(FIT_ARGUMENTS.items()))


def dataset_table() -> str:
    """Return a row per dataset of the registry."""
    return table(("dataset", "contents"), _named(DATASETS.items()))


def user_dataset_table() -> str:
    """Return a row per way to name a dataset of one's own."""
    return table(("name", "meaning"), _named(USER_DATASETS.items()))


def _named(items: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(f"`{name}`", meaning) for name, meaning in items]


def suite_table() -> str:
    """Return a row per suite: its description, workloads, batch sizes and number of cells."""
    head = ("suite", "description", "workloads", "batch sizes", "cells per backend")
    return table(head, [_suite(name) for name in suite_names()], right=[4])


def _suite(name: str) -> tuple[str, ...]:
    suite = load_suite(name)
    workloads = dict.fromkeys(f"`{entry.workload}`" for entry in suite.cells)
    sizes = dict.fromkeys(size for entry in suite.cells for size in _sizes(entry))
    cells = sum(_count(entry) for entry in suite.cells)
    return (f"`{name}`", suite.description, ", ".join(workloads), ", ".join(sizes), str(cells))


def _sizes(entry: Entry) -> list[str]:
    size = entry.batch_size
    if size is None:
        return [str(WORKLOADS[entry.workload].recipe.batch_size)]
    return [str(each) for each in (size if isinstance(size, tuple) else (size,))]


def _count(entry: Entry) -> int:
    """Return how many cells an entry makes for one backend."""
    if not set(entry.backends) <= set(BACKENDS):
        raise ValueError(f"{entry.workload} names an unknown backend: {entry.backends}")
    count = 1
    for value in (entry.batch_size, entry.task, entry.precision):
        count *= len(value) if isinstance(value, tuple) else 1
    return count


def variable_table() -> str:
    """Return the beginnings of the variables that reach a worker and its record."""
    return table(("variables that begin with",), [(f"`{each}`",) for each in PERFORMANCE_PREFIXES])


def version_table() -> str:
    """Return the versions that this checkout writes and reads, and times with."""
    readable = ", ".join(f"`{version}`" for version in READABLE_VERSIONS)
    rows = [
        ("`record_version`", f"`{RECORD_VERSION}`", readable),
        ("`protocol_version`", f"`{PROTOCOL_VERSION}`", "all; never compared with each other"),
    ]
    return table(("field", "written", "read"), rows)
