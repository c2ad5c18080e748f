"""Short names of cells for people who see a few of them at a time."""

from collections.abc import Iterable

from bench.core.cell import Cell

_ALWAYS = ("workload", "backend")
_KINDS = {
    "cell": "",
    "mean": "",
    "negative": " (negative control)",
    "positive": " (positive control)",
}


def short_names(cells: Iterable[Cell]) -> dict[str, str]:
    """Return a name per cell id: workload, backend, and each field in which the cells differ."""
    every = list(dict.fromkeys(cells))
    fields = [
        name
        for name in Cell.__struct_fields__
        if name in _ALWAYS or len({getattr(cell, name) for cell in every}) > 1
    ]
    return {cell.id: " ".join(_short(name, cell) for name in fields) for cell in every}


def contest_name(names: dict[str, str], kind: str, cell_id: str) -> str:
    """Return the short name of a contest; a mean, and a cell that has none, keeps its id."""
    return names.get(cell_id, cell_id) + _KINDS[kind]


def _short(field: str, cell: Cell) -> str:
    value = getattr(cell, field)
    if field == "workload":
        return str(value).rpartition("/")[2]
    return str(value) if isinstance(value, str) else f"{field}={value}"
