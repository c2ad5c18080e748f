"""The recipe in a user's file, read without running the file."""

import ast
import dataclasses
from pathlib import Path
from typing import Final

import msgspec

from bench.core.line import LineError
from models.table import DEFAULT_RECIPE, Recipe

_NAME: Final = "RECIPE"
_KEYS: Final = tuple(field.name for field in dataclasses.fields(Recipe))


class RecipeError(LineError, ValueError):
    """A user's file holds a RECIPE that is none."""


def read_recipe(path: Path) -> Recipe:
    """Return the recipe that a Python file assigns to RECIPE, the default one where it has none.

    It is a dictionary written out, `RECIPE = {"batch_size": 32, …}`, with the keys of
    `models.table.Recipe`; what is left out is as in the default. Nothing is executed. A file that
    cannot be read has the default: its launch will say why. Raises RecipeError.
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return DEFAULT_RECIPE
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and any(
            isinstance(target, ast.Name) and target.id == _NAME for target in _targets(node)
        ):
            return _recipe(node, path)
    return DEFAULT_RECIPE


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _recipe(node: ast.Assign | ast.AnnAssign, path: Path) -> Recipe:
    place = f"{path}, line {node.lineno}: {_NAME}"
    try:
        values = None if node.value is None else ast.literal_eval(node.value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise RecipeError(f"{place} must be a dictionary that is written out, of plain values.")
    unknown = [key for key in values if key not in _KEYS]
    if unknown:
        raise RecipeError(f"{place} has {unknown[0]!r}; allowed are {', '.join(_KEYS)}.")
    try:
        return msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{place}: {error}.") from error
