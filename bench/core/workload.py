"""Workloads as the parent sees them: name, recipe, builder and the hash of the source."""

import ast
import dataclasses
import hashlib
import os
from pathlib import Path
from typing import Final

import msgspec

from bench.core.cell import OWN_DATA, Cell, is_script
from bench.core.job import Job
from bench.core.paths import CHECKOUT
from bench.core.script import parse_script
from bench.core.source_hash import APPLICATIONS, UNSAFE, folder_sha256, source_sha256
from bench.core.text import BenchError
from data.prepare import default_cache_dir
from data.suggestion import did_you_mean
from models.table import DEFAULT_RECIPE, WORKLOADS, Recipe

_NAME: Final = "RECIPE"
_KEYS: Final = tuple(field.name for field in dataclasses.fields(Recipe))


class RecipeError(BenchError, ValueError):
    """The RECIPE of a user's file is not valid."""


def read_recipe(path: Path) -> Recipe:
    """Return the recipe that a Python file assigns to RECIPE, or the default recipe.

    It is a literal dictionary, `RECIPE = {"batch_size": 32, …}`, with keys of
    `models.table.Recipe`; missing keys have the default's values. Nothing is executed. A file that
    cannot be read has the default recipe, and its launch reports the error. Raises RecipeError.
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
        raise RecipeError(f"{place} must be a literal dictionary of plain values.")
    unknown = [key for key in values if key not in _KEYS]
    if unknown:
        hint = did_you_mean(unknown[0], _KEYS)
        raise RecipeError(f"{place} has {unknown[0]!r}; {hint}allowed are {', '.join(_KEYS)}.")
    try:
        recipe = msgspec.convert(values, Recipe)
    except msgspec.ValidationError as error:
        raise RecipeError(f"{place}: {error}.") from error
    if not _survives_json(recipe):
        raise RecipeError(f"{place} holds a value that JSON cannot represent.")
    return recipe


def _survives_json(recipe: Recipe) -> bool:
    """Return whether a worker, which gets the recipe as JSON, has the same values as its parent."""
    try:
        text = msgspec.json.encode(recipe)
        return msgspec.json.encode(msgspec.json.decode(text, type=Recipe)) == text
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False


#: The names of a user's workloads, for `bench list` and for error messages.
USER_WORKLOADS: Final = {
    "FILE.py:FUNCTION": "your function; returns a keras.Model",
    "FILE.keras": "your saved model, loaded in Keras's safe mode",
    "applications:NAME": "a model of keras.applications with new weights",
}
#: Whole scripts, for `bench list`.
USER_SCRIPTS: Final = {"--script FILE.py": "your training script, unchanged; of run, plan and race"}
_SAVED: Final = ".keras"
#: The dataset of a user's workload, which takes any input: it needs no download.
_DEFAULT_DATASET: Final = "digits"
#: The function of a model's file that makes its data (see `bench.worker.file_functions`).
_DATA_FUNCTION: Final = "data"
_DIGITS_SHAPE: Final = (32, 32, 3)


class WorkloadNameError(BenchError, ValueError):
    """A workload's name is neither in the table nor that of a user's workload."""


def resolve_workload(name: str) -> str:
    """Return a name of the table unchanged, a user's workload with the file's absolute path.

    Raises WorkloadNameError when the name is unknown or the file does not exist.
    """
    if name in WORKLOADS or _is_application(name):
        return name
    if is_script(name):
        raise WorkloadNameError(f"workload is {name!r}; a script is given with --script FILE.py.")
    location, _, function = name.rpartition(":")
    mark = UNSAFE if name.startswith(UNSAFE) and name.endswith(_SAVED) else ""
    if name.endswith(_SAVED):
        location, function = name.removeprefix(mark), ""
    elif not location.endswith(".py") or not function.isidentifier():
        raise WorkloadNameError(
            f"workload is {name!r}; {did_you_mean(name, WORKLOADS)}allowed are "
            f"{', '.join([*WORKLOADS, *USER_WORKLOADS])}."
        )
    try:
        path = Path(location).expanduser().resolve()
        is_there = path.is_file()
    except (OSError, RuntimeError, ValueError) as error:  # an unknown ~user, a null byte, too long
        why = str(error).rstrip(".")
        raise WorkloadNameError(f"workload is {name!r}, which is not a path: {why}.") from error
    if not is_there:
        raise WorkloadNameError(f"workload is {name!r}, but the file {path} does not exist.")
    return f"{path}:{function}" if function else f"{mark}{path}"


def allow_unsafe(name: str, unsafe: bool) -> str:
    """Return a saved model's name, marked as one whose own code may run if `unsafe` is True.

    Any other name is returned unchanged. Raises WorkloadNameError for a name that is marked, as in
    a suite, although the user did not allow it.
    """
    if name.startswith(UNSAFE) and not unsafe:
        raise WorkloadNameError(f"workload is {name!r}, whose code runs only with --unsafe-keras.")
    is_saved = name.endswith(_SAVED) and not name.startswith(UNSAFE)
    return f"{UNSAFE}{name}" if unsafe and is_saved else name


def recipe_of(name: str) -> Recipe:
    """Return the recipe of a workload: the table's, that of a user's file, or the default one.

    Raises WorkloadNameError where the recipe of a user's file is not valid.
    """
    if name in WORKLOADS:
        return WORKLOADS[name].recipe
    location = name.rpartition(":")[0]
    if is_script(name) or not location.endswith(".py"):
        return DEFAULT_RECIPE
    try:
        return read_recipe(Path(location))
    except RecipeError as error:
        raise WorkloadNameError(str(error)) from error


def dataset_of(name: str) -> str:
    """Return the dataset that a workload is trained on by default: its own, if it has any."""
    if is_script(name):
        return OWN_DATA
    if name in WORKLOADS:
        return WORKLOADS[name].dataset
    return OWN_DATA if is_script(name) or makes_data(name) else _DEFAULT_DATASET


def makes_data(name: str) -> bool:
    """Return whether a user's file defines the function `data` at its top level."""
    location, _, function = name.rpartition(":")
    if not location.endswith(".py") or function == _DATA_FUNCTION:
        return False
    try:
        tree = ast.parse(Path(location).expanduser().read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, RuntimeError):
        return False  # its launch reports the error
    return any(isinstance(n, ast.FunctionDef) and n.name == _DATA_FUNCTION for n in tree.body)


def local_dataset_of(name: str) -> str:
    """Return a dataset that fits a workload and needs no download."""
    workload = WORKLOADS.get(name)
    if workload is None and makes_data(name):
        return OWN_DATA
    if workload is None or workload.input_shape == _DIGITS_SHAPE:
        return _DEFAULT_DATASET
    if len(workload.input_shape) < len(_DIGITS_SHAPE):  # text and indices: in the repository
        return workload.dataset
    return f"synthetic:shape={'x'.join(map(str, workload.input_shape))}"


def builder_of(name: str, folder: Path | None = None) -> str:
    """Return the builder as a worker finds it: `module:function`, or the name of a user's workload.

    If `folder` is given, a user's file is the one of the same name in that folder.
    """
    if name in WORKLOADS:
        return WORKLOADS[name].builder
    if folder is None or _is_application(name):
        return name
    if is_script(name):
        script = parse_script(name)
        return script._replace(path=folder / script.path.name).workload
    if name.endswith(_SAVED):
        mark = UNSAFE if name.startswith(UNSAFE) else ""
        return f"{mark}{folder / Path(name).name}"
    location, _, function = name.rpartition(":")
    return f"{folder / Path(location).name}:{function}"


def source_hash(name: str, folder: Path | None = None) -> str:
    """Return the sha256 of what decides how a workload computes.

    That is its builder's file, what this imports from its own folder (of a workload of the table:
    from `models/`), and the values of its recipe that compile its model. Other workloads and their
    recipes do not count. The files are those of `folder`, of this checkout by default; the recipe
    is always this checkout's, or the one in the user's file. The source of an application is
    Keras's, whose version is known. Raises WorkloadNameError when a file cannot be read.
    """
    recipe = recipe_of(name)
    try:
        return source_sha256(builder_of(name, folder), recipe, folder or CHECKOUT)
    except OSError as error:
        raise WorkloadNameError(f"{error.filename} cannot be read: {error.strerror}.") from error


def own_data_fingerprint(name: str, folder: Path | None = None) -> str:
    """Return the sha256 that stands for data which a workload makes itself.

    That is the hash of its source; for a script with stand-ins, together with their content.
    Raises WorkloadNameError when a file cannot be read.
    """
    source = source_hash(name, folder)
    stand_ins = parse_script(name).stand_ins if is_script(name) else None
    if stand_ins is None:
        return source
    try:
        content = folder_sha256(stand_ins)
    except OSError as error:
        raise WorkloadNameError(f"{error.filename} cannot be read: {error.strerror}.") from error
    return hashlib.sha256(f"{source} {content}".encode()).hexdigest()


def job_of(cell: Cell, dataset_folder: Path | None, source: str = "") -> Job:
    """Return the job that runs a cell on its prepared dataset, on all usable cores.

    The workload's files are those of the folder `source`, or of this checkout if it is empty. A
    workload that makes its data itself has no folder of a dataset.
    """
    recipe = recipe_of(cell.workload)
    stand_ins = parse_script(cell.workload).stand_ins if is_script(cell.workload) else None
    return Job(
        cell=cell,
        builder=builder_of(cell.workload, Path(source) if source else None),
        optimizer=recipe.optimizer,
        loss=recipe.loss,
        metrics=recipe.metrics,
        target=recipe.target,
        encoding=recipe.encoding,
        weights=_weights_file(cell.workload, recipe),
        headline=recipe.headline,
        headline_mode=recipe.headline_mode,
        dataset_folder="" if dataset_folder is None else str(dataset_folder.resolve()),
        output_path="",
        cpus=tuple(sorted(os.sched_getaffinity(0))),
        weights_folder=str(default_cache_dir() / "weights"),
        source=source,
        stand_ins="" if stand_ins is None else str(stand_ins),
    )


def _weights_file(name: str, recipe: Recipe) -> str:
    """Return the path of the recipe's first weights, which lie beside the file; empty if none."""
    location = name.rpartition(":")[0]
    return str(Path(location).parent / recipe.weights) if recipe.weights else ""


def _is_application(name: str) -> bool:
    return name.startswith(APPLICATIONS) and name[len(APPLICATIONS) :].isidentifier()
