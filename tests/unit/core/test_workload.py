"""Workloads seen from the parent: names, recipes, builders, sources."""

import dataclasses
import re

import pytest

from bench.core import workload as workload_module
from bench.core.cell import Cell, digest
from bench.core.paths import CHECKOUT
from bench.core.source_hash import HASHED_RECIPE_FIELDS, source_files
from bench.core.suite import Entry, Overrides, Suite, expand
from bench.core.workload import (
    RecipeError,
    WorkloadNameError,
    allow_unsafe,
    builder_of,
    dataset_of,
    job_of,
    local_dataset_of,
    read_recipe,
    recipe_of,
    resolve_workload,
    source_hash,
)
from data.prepare import find_source
from models.table import DEFAULT_RECIPE, WORKLOADS, Recipe
from tests.fixtures.present import one_array

LAB = ("lab_baseline", "lab_deep")


def test_the_table_holds_the_lab_workloads_with_their_parameter_counts():
    counts = {n: (WORKLOADS[n].parameters, WORKLOADS[n].trainable_parameters) for n in LAB}
    assert counts == {"lab_baseline": (24_666, 24_666), "lab_deep": (552_874, 551_722)}


@pytest.mark.parametrize("name", LAB)
def test_the_recipe_of_the_lab_is_adam_with_batches_of_64_for_5_epochs(name):
    recipe = recipe_of(name)
    assert (recipe.optimizer, recipe.loss) == ("adam", "categorical_crossentropy")
    assert (recipe.metrics, recipe.batch_size, recipe.epochs) == (("accuracy",), 64, 5)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_of_the_table_keeps_its_name_and_has_a_builder_in_models(name):
    assert resolve_workload(name) == name
    assert builder_of(name).startswith("models.") and ":" in builder_of(name)
    assert set(WORKLOADS[name].floor) == ({"digits", "cifar10"} if name in LAB else set())


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_a_workload_is_trained_on_without_a_download_has_the_shape_of_its_own(name, tmp_path):
    source = find_source(local_dataset_of(name), None, tmp_path)
    assert one_array(source.read()["x_train"]).shape[1:] == WORKLOADS[name].input_shape
    assert dataset_of(name) == WORKLOADS[name].dataset


def test_a_users_workload_is_its_own_builder_with_the_default_recipe(tmp_path):
    (tmp_path / "cnn.py").touch()
    name = resolve_workload(f"{tmp_path}/x/../cnn.py:build")
    assert name == builder_of(name) == f"{tmp_path}/cnn.py:build"
    assert recipe_of(name) is DEFAULT_RECIPE
    assert dataset_of(name) == local_dataset_of(name) == "digits"


def test_the_recipe_in_a_users_file_is_read_without_running_it(tmp_path):
    text = 'raise SystemExit\nRECIPE = {"optimizer": "sgd", "batch_size": 8, "target": "inputs"}\n'
    (tmp_path / "cnn.py").write_text(text)
    recipe = recipe_of(f"{tmp_path}/cnn.py:build")
    assert (recipe.optimizer, recipe.batch_size, recipe.target) == ("sgd", 8, "inputs")
    assert (recipe.loss, recipe.epochs) == (DEFAULT_RECIPE.loss, DEFAULT_RECIPE.epochs)


def test_a_recipe_may_have_a_type(tmp_path):
    (tmp_path / "cnn.py").write_text('RECIPE: dict[str, object] = {"batch_size": 8}\n')
    assert recipe_of(f"{tmp_path}/cnn.py:build").batch_size == 8


@pytest.mark.parametrize("text", ["", "def build(", "\0", "recipe = {}", "build.RECIPE = {}"])
def test_a_file_without_a_recipe_has_the_default_one(tmp_path, text):
    (tmp_path / "cnn.py").write_text(text)
    assert recipe_of(f"{tmp_path}/cnn.py:build") is DEFAULT_RECIPE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("RECIPE = 3", "line 1: RECIPE must be a literal dictionary"),
        ("RECIPE: dict", "line 1: RECIPE must be a literal dictionary"),
        ("RECIPE = dict(epochs=2)", "must be a literal dictionary"),
        (
            "x = 1\nRECIPE = {'epoch': 2}",
            "line 2: RECIPE has 'epoch'; did you mean 'epochs'? allow",
        ),
        ("RECIPE = {'epochs': '2'}", "RECIPE: Expected `int`, got `str`"),
        ("RECIPE = {'target': 'all'}", "RECIPE: Invalid enum value 'all'"),
        ("RECIPE = {'optimizer': {'x': 1j}}", "RECIPE holds a value that JSON cannot represent"),
    ],
)
def test_a_recipe_that_is_none_is_one_sentence(tmp_path, text, words):
    (tmp_path / "cnn.py").write_text(text)
    with pytest.raises(WorkloadNameError, match=re.escape(words)):
        recipe_of(f"{tmp_path}/cnn.py:build")


def test_a_saved_model_is_its_own_builder_and_its_bytes_are_its_source(tmp_path):
    path = tmp_path / "mine.keras"
    path.write_bytes(b"one")
    name = resolve_workload(str(path))
    assert name == builder_of(name) == str(path)
    assert recipe_of(name) is DEFAULT_RECIPE
    before = source_hash(name)
    path.write_bytes(b"two")
    assert source_hash(name) != before
    with pytest.raises(WorkloadNameError, match=r"the file .*gone\.keras does not exist"):
        resolve_workload(str(tmp_path / "gone.keras"))


def test_a_saved_model_whose_code_may_run_is_marked_by_the_flag_alone(tmp_path):
    path = tmp_path / "mine.keras"
    path.write_bytes(b"one")
    name = resolve_workload(allow_unsafe(str(path), unsafe=True))
    assert name == builder_of(name) == f"unsafe:{path}" == allow_unsafe(name, unsafe=True)
    assert builder_of(name, tmp_path / "other") == f"unsafe:{tmp_path}/other/mine.keras"
    assert source_hash(name) == source_hash(str(path))
    assert allow_unsafe(str(path), unsafe=False) == str(path)
    assert allow_unsafe("lab_deep", unsafe=True) == "lab_deep"
    with pytest.raises(WorkloadNameError, match="runs only with --unsafe-keras"):
        allow_unsafe(name, unsafe=False)


def test_an_application_is_named_and_its_source_is_that_of_keras(tmp_path):
    name = "applications:MobileNetV2"
    assert name == resolve_workload(name) == builder_of(name) == builder_of(name, tmp_path)
    assert source_hash(name) == source_hash(name, tmp_path)
    assert source_hash(name) != source_hash("applications:ResNet50")


FILES = {
    "__init__.py": "",
    "lab.py": "import keras\nfrom models import blocks\nfrom models.parts.norm import scale",
    "blocks.py": "from .deeper import depth",
    "deeper.py": "depth = 3",
    "parts/__init__.py": "",
    "parts/norm.py": "import numpy as np\nimport outside\nscale = 1",
    "mlp.py": "import keras",
    "table.py": "WORKLOADS = {}",
}
OWN = [name for name in FILES if name not in ("mlp.py", "table.py")]


@pytest.fixture
def models(tmp_path):
    """Return a folder `models` whose lab.py imports four other modules of it."""
    for name, text in FILES.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "outside.py").write_text("")
    return tmp_path / "models"


def lab_digest(folder=None):
    """Return the digest of a cell of lab_baseline."""
    return digest(
        Cell(workload="lab_baseline", dataset="digits", backend="jax", batch_size=64, epochs=5),
        workload_source=source_hash("lab_baseline", folder),
        dataset_fingerprint="f" * 64,
        versions={},
        environment={},
    )


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("as_checkout", [True, False])
def test_a_digest_changes_with_each_file_that_the_builder_imports(
    models, monkeypatch, name, as_checkout
):
    folder = None if as_checkout else models.parent
    if as_checkout:
        monkeypatch.setattr(workload_module, "CHECKOUT", models.parent)
    before = lab_digest(folder)
    with (models / name).open("a") as stream:
        stream.write("\n# edited")
    assert lab_digest(folder) != before


@pytest.mark.parametrize("name", ["mlp.py", "table.py", "new.py", "parts/new.py", "../outside.py"])
def test_a_digest_does_not_change_with_a_file_of_models_that_the_builder_does_not_import(
    models, name
):
    before = lab_digest(models.parent)
    with (models / name).open("a") as stream:
        stream.write("\nx = 1")
    assert lab_digest(models.parent) == before


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_table_is_in_no_workloads_files_and_its_module_is(name):
    module = builder_of(name).rpartition(":")[0].rpartition(".")[2]
    files = [path.name for path in source_files(builder_of(name), CHECKOUT)]
    assert files[0] == f"{module}.py"
    assert "table.py" not in files
    assert source_hash(name) == source_hash(name, CHECKOUT)


def test_workloads_of_one_module_have_unlike_hashes():
    assert source_hash("lstm_text") != source_hash("gru_text")


def change_workload(monkeypatch, name, **changes):
    """Change fields of a workload of the table."""
    table = {**WORKLOADS, name: dataclasses.replace(WORKLOADS[name], **changes)}
    monkeypatch.setattr(workload_module, "WORKLOADS", table)


@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "sgd"},
        {"optimizer": {"class_name": "Adam", "config": {"learning_rate": 0.002}}},
        {"loss": "mean_squared_error"},
        {"metrics": ()},
        {"target": "inputs"},
        {"encoding": "one-hot"},
    ],
)
def test_a_digest_changes_with_the_workloads_own_recipe_alone(monkeypatch, change):
    before = lab_digest()
    recipe = dataclasses.replace(WORKLOADS["lab_baseline"].recipe, **change)
    change_workload(monkeypatch, "mlp", recipe=recipe)
    assert lab_digest() == before
    change_workload(monkeypatch, "lab_baseline", recipe=recipe)
    assert lab_digest() != before


def test_every_value_of_a_recipe_is_in_the_hash_or_in_the_cell():
    names = {field.name for field in dataclasses.fields(Recipe)}
    judging = {"headline", "headline_mode"}  # they choose a log and compute nothing
    assert names - set(HASHED_RECIPE_FIELDS) - judging - {"weights"} == {"batch_size", "epochs"}
    assert {"batch_size", "epochs"} <= set(Cell.__struct_fields__)
    assert "dataset" in Cell.__struct_fields__


def test_the_first_weights_count_by_their_content(tmp_path):
    model, weights = tmp_path / "cnn.py", tmp_path / "start.weights.h5"
    model.write_text('RECIPE = {"weights": "start.weights.h5"}\ndef build(): ...')
    with pytest.raises(WorkloadNameError, match=r"start\.weights\.h5 cannot be read"):
        source_hash(f"{model}:build")
    weights.write_bytes(b"1")
    first = source_hash(f"{model}:build")
    weights.write_bytes(b"2")
    assert source_hash(f"{model}:build") != first


def test_a_new_default_of_a_workload_is_another_cell(monkeypatch):
    entry = Entry(workload="lab_baseline", backends=("jax",))
    suite = Suite(description="one cell", cells=(entry,))
    (before,) = expand(suite, Overrides(), "test")
    recipe = dataclasses.replace(DEFAULT_RECIPE, batch_size=32, epochs=2)
    change_workload(monkeypatch, "lab_baseline", recipe=recipe, dataset="mnist")
    (after,) = expand(suite, Overrides(), "test")
    assert (after.batch_size, after.epochs) == (32, 2)
    assert after.dataset == "mnist"
    assert before != after


def test_a_hash_changes_with_the_builder_and_not_with_descriptions(monkeypatch):
    before = source_hash("lab_baseline")
    change_workload(monkeypatch, "lab_baseline", summary="x", parameters=1, floor={})
    assert source_hash("lab_baseline") == before
    change_workload(monkeypatch, "lab_baseline", builder="models.lab:build_deep")
    assert source_hash("lab_baseline") != before


def test_a_headline_does_not_change_the_hash_and_reaches_the_worker(tmp_path):
    path = tmp_path / "m.py"
    path.write_text('RECIPE = {"headline": "val_auc", "headline_mode": "max"}\n')
    recipe = read_recipe(path)
    assert (recipe.headline, recipe.headline_mode) == ("val_auc", "max")
    assert not {"headline", "headline_mode"} & set(HASHED_RECIPE_FIELDS)
    cell = Cell(workload=f"{path}:build", dataset="digits", backend="jax", batch_size=8, epochs=1)
    job = job_of(cell, tmp_path)
    assert (job.headline, job.headline_mode) == ("val_auc", "max")
    path.write_text('RECIPE = {"headline_mode": "best"}\n')
    with pytest.raises(RecipeError, match="headline_mode"):
        read_recipe(path)


def test_a_side_without_the_builder_is_one_sentence(tmp_path):
    words = re.escape(f"{tmp_path}/models/lab.py cannot be read: No such file or directory.")
    with pytest.raises(WorkloadNameError, match=words):
        source_hash("lab_baseline", tmp_path)


def test_the_source_hash_of_a_users_workload_is_that_of_its_file_and_its_own_imports(tmp_path):
    name = f"{tmp_path}/cnn.py:build"
    hashes = set()
    for file, text in [
        ("cnn.py", "a = 1"),
        ("cnn.py", "import keras, blocks"),
        ("blocks.py", "from parts.norm import scale"),
        ("parts/norm.py", "scale = 1"),
        ("parts/norm.py", "raise SystemExit('this is never run')"),
    ]:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
        hashes.add(source_hash(name))
    assert len(hashes) == 5
    (tmp_path / "other.py").write_text("b = 1")
    assert source_hash(name) in hashes


def test_a_users_file_that_went_away_is_one_sentence(tmp_path):
    with pytest.raises(WorkloadNameError, match=r"cnn\.py cannot be read: No such file"):
        source_hash(f"{tmp_path}/cnn.py:build")
