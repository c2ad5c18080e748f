"""Suites: TOML files that list cells, and the overrides of the command line."""

import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from bench.core.cell import BACKENDS, OWN_DATA, Cell, CellError
from bench.core.text import BenchError
from bench.core.workload import (
    WorkloadNameError,
    allow_unsafe,
    dataset_of,
    makes_data,
    recipe_of,
    resolve_workload,
)
from data.registry import resolve_dataset
from data.suggestion import did_you_mean
from models.table import WORKLOADS

Value = TypeVar("Value")

SUITES: Final = Path(__file__).resolve().parent / "suites"


class SuiteError(BenchError, ValueError):
    """A suite file, or an option of the command line, does not give valid cells."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `[[cells]]` table: a cell for each backend and for each value of a list.

    None stands for the value of the workload's recipe, or for its dataset.
    """

    workload: str
    dataset: str | None = None
    backends: tuple[str, ...] = BACKENDS
    lane: str = "default"
    task: str | tuple[str, ...] = "fit"
    precision: str | tuple[str, ...] = "float32"
    batch_size: int | tuple[int, ...] | None = None
    epochs: int | None = None
    seed: int = 0
    device: str = "cpu"
    limit_train: int | None = None
    limit_test: int | None = None


class Suite(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A suite as its file has it."""

    description: str
    cells: tuple[Entry, ...]


class Overrides(msgspec.Struct, frozen=True, kw_only=True):
    """The values that the command line overrides in a suite; None and empty override nothing.

    `unsafe_keras` allows the code inside saved models to run.
    """

    backends: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()
    dataset: str | None = None
    batch_sizes: tuple[int, ...] = ()
    epochs: int | None = None
    seeds: tuple[int, ...] = ()
    device: str | None = None
    limit_train: int | None = None
    limit_test: int | None = None
    lanes: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    unsafe_keras: bool = False


def suite_names() -> list[str]:
    """Return the names of the suites that come with the harness."""
    return sorted(path.stem for path in SUITES.glob("*.toml"))


def load_suite(name_or_path: str) -> Suite:
    """Return the suite of that name, or in that TOML file; raises SuiteError."""
    path = Path(name_or_path)
    if name_or_path in suite_names():
        path = SUITES / f"{name_or_path}.toml"
    elif path.suffix != ".toml":
        raise SuiteError(
            f"suite is {name_or_path!r}; {did_you_mean(name_or_path, suite_names())}allowed are "
            f"{', '.join(suite_names())} or a .toml file."
        )
    try:
        suite = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Suite)
    except OSError as error:
        raise SuiteError(f"Suite {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SuiteError(f"Suite {path} is not UTF-8 text.") from error
    except msgspec.ValidationError as error:
        allowed = ", ".join(Entry.__struct_fields__)
        raise SuiteError(f"Suite {path}: {error}; keys of a cell are {allowed}.") from error
    except (ValueError, RecursionError) as error:
        # Besides its own error, tomllib raises these for very long numbers and deep nesting.
        raise SuiteError(f"Suite {path} is not TOML: {error}.") from error
    if not suite.cells:
        raise SuiteError(f"Suite {path} names no cell; it needs at least one [[cells]] table.")
    return suite


def expand(suite: Suite, choices: Overrides, origin: str) -> list[Cell]:
    """Return the cells of `suite` with `choices` applied, without duplicates, in the file's order.

    A chosen workload that is not in the suite gets the settings of the suite's first entry; a
    workload of the table whose input shape does not fit that entry's dataset gets its own dataset.
    Raises SuiteError that names `origin`, the entry and the allowed values.
    """
    cells: dict[Cell, None] = {}
    for place, entry in _chosen_entries(suite, choices):
        try:
            cells |= dict.fromkeys(_cells(entry, choices))
        except (CellError, WorkloadNameError) as error:
            raise SuiteError(f"Suite {origin}, {place}: {error}") from error
    if not cells:
        backends = sorted({backend for entry in suite.cells for backend in entry.backends})
        raise SuiteError(
            f"Suite {origin} has no cell for backend {', '.join(choices.backends or BACKENDS)}; "
            f"its backends are {', '.join(backends) or 'none'}."
        )
    return list(cells)


def _chosen_entries(suite: Suite, choices: Overrides) -> list[tuple[str, Entry]]:
    """Return the entries, each with its origin: a cell of the file, or an option."""
    written = [(f"cell {number}", entry) for number, entry in enumerate(suite.cells, start=1)]
    if not choices.workloads:
        return written
    entries = []
    for workload in choices.workloads:
        present = [(place, entry) for place, entry in written if entry.workload == workload]
        adopted = (f"--workload {workload}", _adopted(suite.cells[0], workload))
        entries += present or [adopted]
    return entries


def _adopted(entry: Entry, workload: str) -> Entry:
    """Return the entry with another workload.

    A workload with another input shape gets its own dataset, and a user's workload is trained by
    its own recipe or by the default one.
    """
    replaced = msgspec.structs.replace(entry, workload=workload)
    if workload not in WORKLOADS:
        own = OWN_DATA if makes_data(workload) else entry.dataset
        return msgspec.structs.replace(replaced, dataset=own, batch_size=None, epochs=None)
    former, adopted = WORKLOADS.get(entry.workload), WORKLOADS.get(workload)
    if adopted is None or (former is not None and adopted.input_shape == former.input_shape):
        return replaced
    return msgspec.structs.replace(replaced, dataset=None, batch_size=None, epochs=None)


def _cells(entry: Entry, choices: Overrides) -> Iterator[Cell]:
    """Yield the cells of one entry; those that differ only in their backend are adjacent."""
    workload = resolve_workload(allow_unsafe(entry.workload, choices.unsafe_keras))
    recipe = recipe_of(workload)
    dataset = entry.dataset if choices.dataset is None else choices.dataset
    if dataset is None:
        dataset = dataset_of(workload)
    if dataset == OWN_DATA and not makes_data(workload):
        raise WorkloadNameError(
            "the dataset own is made by the function data of a model's file, and "
            f"{entry.workload} has none."
        )
    written = recipe.batch_size if entry.batch_size is None else entry.batch_size
    backends = [b for b in entry.backends if not choices.backends or b in choices.backends]
    axes = product(
        choices.tasks or _listed(entry.task),
        choices.precisions or _listed(entry.precision),
        choices.batch_sizes or _listed(written),
        choices.lanes or (entry.lane,),
        choices.seeds or (entry.seed,),
        backends,
    )
    for task, precision, batch_size, lane, seed, backend in axes:
        yield Cell(
            workload=workload,
            dataset=resolve_dataset(dataset),
            backend=backend,
            lane=lane,
            precision=precision,
            batch_size=batch_size,
            epochs=_first(choices.epochs, entry.epochs, recipe.epochs),
            seed=seed,
            device=choices.device or entry.device,
            limit_train=_one_of(choices.limit_train, entry.limit_train),
            limit_test=_one_of(choices.limit_test, entry.limit_test),
            task=task,
        )


def _listed(value: Value | tuple[Value, ...]) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _one_of(chosen: int | None, written: int | None) -> int | None:
    return written if chosen is None else chosen


def _first(*values: int | None) -> int:
    """Return the first value that was given; zero counts as given."""
    return next(value for value in values if value is not None)
