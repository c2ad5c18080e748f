"""The targets that read what a user writes: suites, names, sides, recipes, the command line."""

import contextlib
import io
from pathlib import Path

import msgspec

from bench.cli.options import read_cells, read_pythons
from bench.cli.parser import parse_words
from bench.core.cell import Cell
from bench.core.record import encode_record
from bench.core.suite import SUITES, Overrides, SuiteError, expand, load_suite
from bench.core.workload import WorkloadNameError, recipe_of, resolve_workload, source_hash
from bench.regression.accuracy.stored_baseline import BaselineError, load_baseline
from bench.report.tables.history import UnknownCellError, find_cell
from bench.storage.store import Store, StoreError
from bench.system.interpreter import InterpreterError
from bench.system.side import SideTextError, parse_side
from data.errors import DataError
from data.prepare import find_source
from data.registry import resolve_dataset
from tests.fixtures.records import make_record
from tests.fuzz.inputs import damaged, documents
from tests.fuzz.target import Target, argument, check_sentence, file_in

_USER_FILE = b'''"""Mine."""
import keras
RECIPE = {"batch_size": 32, "epochs": 2, "optimizer": {"class_name": "Adam", "config": {}},
          "metrics": ("accuracy",), "target": "labels"}

def build(input_shape, classes):
    return keras.Sequential()
'''
_SUITES = [path.read_bytes() for path in sorted(SUITES.glob("*.toml"))]
_SUITES.append(
    b'description = "d"\n[[cells]]\nworkload = "a.py:build"\nbatch_size = [1, 2]\nseed = 0x1F\n'
    b'limit_train = 1_000\ntask = ["fit"]\ndataset = "npz:x.npz"\nbackends = ["jax"]\n'
)
_DATASETS = [
    *(b"synthetic:shape=32x32x3,classes=10,train=2048,test=512,seed=0", b"synthetic", b"digits"),
    *(b"npz:folder/a.npz", b"images:pictures@32x32", b"load.py:load", b"cifar10:x", b"npz:~x/a"),
]
_WORKLOADS = [b"lab_baseline", b"mine.py:build", b"mine.keras", b"applications:MobileNetV2"]
_SIDES = [
    b"python=/a/python,python.torch=/b/python,src=.,env.OMP_NUM_THREADS=1",
    b"env.XLA_FLAGS=--xla_a=1,--xla_b=2,env.TF_NUM_INTRAOP_THREADS=1",
]
_COMMANDS = [
    b"run\0--suite\0lab\0--backend\0jax\0--epochs\x003\0--batch-size\x0016\0--seed\x000\0--quiet",
    b"race\0--rounds\x006\0--workload\0lab_deep\0--timeout\x0010\0--python\0jax=/p\0--json",
    b"gate\0--candidate\0src=.\0--noise-threshold\x002\0--fail-threshold\x005\0--limit-train\x0064",
    b"certify\0lab_baseline\0--steps\x003\0--seeds\x004",
    b"profile-layers\0mlp\0--rounds\x006\0--device\0cpu",
    b"plan\0--repeats\x002\0--fresh\0--lane\0matched\0--task\0predict\0--precision\0float32",
]


def _use(cells: list[Cell]) -> None:
    """Do with cells what every command does: name their files and records."""
    for cell in cells[:20]:
        assert cell.id.isprintable() and "/" not in cell.id and len(cell.id) < 255
        encode_record(make_record(cell=cell, status="failed", reason="x"))


def _read_suite(content: bytes, folder: Path) -> None:
    path = str(file_in(folder, "mine.toml", content))
    suite = load_suite(path)
    msgspec.json.encode(suite)
    _use(expand(suite, Overrides(), path))


def _read_dataset(content: bytes, folder: Path) -> None:
    name = resolve_dataset(argument(content))
    source = find_source(name, folder, folder)
    assert source.key.replace("-", "").replace("_", "").isalnum() and len(source.key) < 200


def _read_workload(content: bytes, folder: Path) -> None:
    name = resolve_workload(argument(content))
    recipe_of(name)
    source_hash(name)
    # A path that is no UTF-8 is refused where a cell is made of it.
    with contextlib.suppress(ValueError):
        _use([Cell(workload=name, dataset="digits", backend="jax", batch_size=1, epochs=1)])


def _read_recipe(content: bytes, folder: Path) -> None:
    msgspec.json.encode(recipe_of(f"{file_in(folder, 'mine.py', content)}:build"))


def _read_side(content: bytes, folder: Path) -> None:
    parse_side(argument(content))


def _read_command(content: bytes, folder: Path) -> None:
    """Parse a command line; argparse ends the process in its own words, which are not ours."""
    words = [argument(word) for word in content.split(b"\0")]
    told = io.StringIO()
    try:
        with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
            arguments = parse_words(words)
    except SystemExit as error:
        assert error.code in (0, 2) and told.getvalue()
        return
    if "suite" in arguments:
        _use(read_cells(arguments))
    if "python" in arguments:
        read_pythons(arguments)


def _read_run_id(content: bytes, folder: Path) -> None:
    """Look for a run, a baseline and a cell of this name; there is none."""
    name, store = argument(content), Store(folder / "reports")
    for look in (
        lambda: store.load(name),
        lambda: load_baseline(store, name),
        lambda: find_cell(name, {"lab_baseline-digits-jax-default-float32-b16-e3-s0-cpu"}),
    ):
        try:
            look()
        except (StoreError, BaselineError, UnknownCellError) as error:
            check_sentence(str(error), content)


NAME_TARGETS = [
    Target("suite", documents(*_SUITES), _read_suite, (SuiteError,)),
    Target("dataset", documents(*_DATASETS), _read_dataset, (DataError,)),
    Target("workload", documents(*_WORKLOADS), _read_workload, (WorkloadNameError,)),
    Target("recipe", documents(_USER_FILE), _read_recipe, (WorkloadNameError,)),
    Target("side", documents(*_SIDES), _read_side, (SideTextError,)),
    Target(
        "command-line",
        damaged(_COMMANDS),
        _read_command,
        (SuiteError, InterpreterError),
    ),
    Target("run-id", documents(b"20261101T120000Z-0a1b", b"lab_baseline"), _read_run_id, ()),
]
