"""The hash of a workload's source: its builder's files, and the recipe that compiles its model.

The worker hashes what it has imported with the same functions; they import no workload.
"""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from bench.core.cell import is_script
from bench.core.script import parse_script
from data.local_imports import local_files

if TYPE_CHECKING:  # a worker that imported `models` here could not import a side's own later
    from bench.core.job import Job
    from models.table import Recipe

#: Stands before a saved model whose own code may run, because the user allowed it.
UNSAFE: Final = "unsafe:"
#: The prefix of a model of `keras.applications`.
APPLICATIONS: Final = "applications:"
#: What a recipe decides in a worker. Its other values, and a workload's own dataset, are defaults
#: of fields of the cell, which is in the digest itself.
HASHED_RECIPE_FIELDS: Final = ("optimizer", "loss", "metrics", "target", "encoding")


def source_files(builder: str, folder: Path) -> list[Path]:
    """Return the file that holds `builder`, and then what it imports from its own folder.

    The file of `models.MODULE:FUNCTION` lies in `folder`, and what it imports from `models/`
    follows it. A user's builder is `/path/FILE.py:FUNCTION`, `/path/FILE.keras`,
    `unsafe:/path/FILE.keras` or a script. A model of keras.applications has no files of ours. Files
    that do not exist are returned too.
    """
    if builder.startswith(APPLICATIONS):
        return []
    if is_script(builder):
        return local_files(parse_script(builder).path)
    if builder.endswith(".keras"):
        return [Path(builder.removeprefix(UNSAFE))]
    location = builder.rpartition(":")[0]
    if location.endswith(".py"):
        return local_files(Path(location))
    package, *modules = location.split(".")
    path = folder.joinpath(package, *modules)
    is_package = (path / "__init__.py").is_file()
    return local_files(
        path / "__init__.py" if is_package else path.with_suffix(".py"), folder / package
    )


def source_sha256(builder: str, recipe: Recipe | Job, folder: Path) -> str:
    """Return the sha256 (hex) of a builder's files in `folder` and of what its recipe decides.

    The files count by name and content, in order; of the builder's own name, the function counts,
    and not where it lies. Raises OSError for a file that cannot be read.
    """
    facts = {name: getattr(recipe, name) for name in HASHED_RECIPE_FIELDS}
    facts["builder"] = _name_in_file(builder)
    total = hashlib.sha256(msgspec.json.encode(facts, order="deterministic"))
    paths = source_files(builder, folder)
    if recipe.weights:  # beside the file of a user's builder
        paths.append(paths[0].parent / recipe.weights)
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).digest()
        total.update(f"\0{path.name}\0".encode() + content)
    return total.hexdigest()


def folder_sha256(folder: Path) -> str:
    """Return the sha256 (hex) of all files below `folder`, by their relative names and content.

    Raises OSError for a file that cannot be read.
    """
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        total.update(f"\0{path.relative_to(folder)}\0".encode(errors="surrogateescape") + content)
    return total.hexdigest()


def _name_in_file(builder: str) -> str:
    """Return the builder without its file: the function, the application, arguments, or nothing."""
    if is_script(builder):
        return shlex.join(parse_script(builder).arguments)
    return "" if builder.endswith(".keras") else builder.rpartition(":")[2]
