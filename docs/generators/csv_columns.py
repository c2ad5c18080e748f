"""The reference of the CSVs' columns, from the columns that the code declares."""

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Final

import bench.profiling
import bench.report.tables
from bench.core.cell import BACKENDS
from bench.report.tables.columns import RECORD_COLUMNS, ROW_COLUMNS, Column
from docs.generators.markdown import table

#: The contents of each CSV, in the order of the page.
CONTENTS: Final = {
    "epochs": "has a row per epoch of a successful record, and one row per failed record.",
    "cells": "has a row per record.",
    "comparison": (
        "has a row per set of comparable cells, the backends side by side. Instrumented records "
        "are left out. Cells that differ in a column that names a row get rows of their own. "
        "The columns `BACKEND_…` exist for each of `jax`, `tensorflow` and `torch`."
    ),
    "rounds": (
        "has a row per launch of a race: the values of `cells.csv` from which its ratios are "
        "computed."
    ),
    "ratios": (
        "has two rows per pair of backends of a race: one for its epochs, one for its steps. "
        "Without a race it has its header only."
    ),
    "parity": (
        "has a row per pair of backends and certificate that holds for what the records trained; "
        "the certificates themselves are in `certificates.json`."
    ),
    "provenance": (
        "has a row per setting, variable, version and fact of each row of the comparison: the "
        "provenance of its numbers."
    ),
    "steps": "has a row per training step of an instrumented record.",
    "metrics": (
        "has a row per log of each epoch of a successful record, in the order of the logs: every "
        "metric and loss that the model logs, under Keras's name."
    ),
    "compare": "has a row per cell of two runs, A and B; cells that only one run has come first.",
    "history": (
        "has a row per run of one cell, oldest first. Columns that `cells.csv` has too have the "
        "same meaning there."
    ),
    "layers": (
        "has a row per workload, layer, direction and backend, in milliseconds of a training step."
    ),
    "gaps": (
        "has a row per layer, direction and pair of backends, the widest difference first, in "
        "milliseconds of a training step."
    ),
}

#: Groups of columns that several tables share, and not tables themselves.
_GROUPS = ("RECORD_COLUMNS", "ROW_COLUMNS")


def declared_tables() -> dict[str, tuple[Column, ...]]:
    """Return the columns of each CSV by its name without `.csv`: `CELLS_COLUMNS` are of `cells`."""
    found = {}
    for module in _modules(bench.report.tables, bench.profiling):
        for name, value in vars(module).items():
            if name.endswith("_COLUMNS") and name not in _GROUPS and _are_columns(value):
                found[name.removesuffix("_COLUMNS").lower()] = value
    return found


def _are_columns(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(column, Column) for column in value)


def _modules(*packages: ModuleType) -> Iterator[ModuleType]:
    for package in packages:
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            yield import_module(found.name)


def csv_sections() -> str:
    """Return a section per CSV, in the order of CONTENTS: what a row is, and its columns.

    KeyError when a table is declared and not described, or described and not declared.
    """
    declared = declared_tables()
    if undescribed := set(declared) ^ set(CONTENTS):
        raise KeyError(f"CONTENTS and the declared tables differ in {sorted(undescribed)}")
    return "\n".join(
        f"(csv-{name})=\n## `{name}.csv`\n\n`{name}.csv` {text}\n\n{csv_table(declared[name])}"
        for name, text in CONTENTS.items()
    )


def column_table(columns: Sequence[Column]) -> str:
    """Return a row per column: name, type, meaning."""
    rows = [(f"`{column.name}`", column.dtype, column.meaning) for column in columns]
    return table(("column", "type", "meaning"), rows)


def csv_table(columns: Sequence[Column]) -> str:
    """Return the columns of one CSV, each group that tables share as one row.

    The groups are RECORD_COLUMNS and ROW_COLUMNS, where the table has all of one, in order. A
    column that exists once per backend is a row `BACKEND_…`.
    """
    rows, rest = [], list(columns)
    while rest:
        for title, group in (("record", RECORD_COLUMNS), ("row", ROW_COLUMNS)):
            if tuple(rest[: len(group)]) == tuple(group):
                first, last = group[0].name, group[-1].name
                names = f"`{first}` … `{last}`"
                rows.append((names, "", f"[the columns that name a {title}](#columns-{title})"))
                rest = rest[len(group) :]
                break
        else:
            column = rest.pop(0)
            rows.append((f"`{_any_backend(column.name)}`", column.dtype, column.meaning))
    return table(("column", "type", "meaning"), dict.fromkeys(rows))


def _any_backend(name: str) -> str:
    for backend in BACKENDS:
        if name.startswith(f"{backend}_"):
            return f"BACKEND{name.removeprefix(backend)}"
    return name
