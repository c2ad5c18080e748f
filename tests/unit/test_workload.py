"""Workloads seen from the parent: names, recipes, builders, sources."""

import re

import pytest

from bench.core import workload as workload_module
from bench.core.workload import (
    WorkloadNameError,
    allow_unsafe,
    builder_of,
    dataset_of,
    local_dataset_of,
    recipe_of,
    resolve_workload,
    source_hash,
)
from data.prepare import find_source
from models.table import DEFAULT_RECIPE, WORKLOADS

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
    assert set(WORKLOADS[name].accuracy_floor) == ({"digits", "cifar10"} if name in LAB else set())


@pytest.mark.parametrize("name", WORKLOADS)
def test_what_a_workload_is_trained_on_without_a_download_has_the_shape_of_its_own(name, tmp_path):
    source = find_source(local_dataset_of(name), None, tmp_path)
    assert source.read()["x_train"].shape[1:] == WORKLOADS[name].input_shape
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
        ("RECIPE = 3", "line 1: RECIPE must be a dictionary"),
        ("RECIPE: dict", "line 1: RECIPE must be a dictionary"),
        ("RECIPE = dict(epochs=2)", "must be a dictionary that is written out"),
        ("x = 1\nRECIPE = {'epoch': 2}", "line 2: RECIPE has 'epoch'; allowed are optimizer, "),
        ("RECIPE = {'epochs': '2'}", "RECIPE: Expected `int`, got `str`"),
        ("RECIPE = {'target': 'all'}", "RECIPE: Invalid enum value 'all'"),
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
    with pytest.raises(WorkloadNameError, match=r"there is no file .*gone\.keras"):
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
    with pytest.raises(WorkloadNameError, match="runs with --unsafe-keras alone"):
        allow_unsafe(name, unsafe=False)


def test_an_application_is_named_and_its_source_is_that_of_keras(tmp_path):
    name = "applications:MobileNetV2"
    assert name == resolve_workload(name) == builder_of(name) == builder_of(name, tmp_path)
    assert source_hash(name) == source_hash(name, tmp_path)
    assert source_hash(name) != source_hash("applications:ResNet50")


def test_the_source_hash_changes_with_any_file_of_models(tmp_path, monkeypatch):
    monkeypatch.setattr(workload_module, "CHECKOUT", tmp_path)
    (tmp_path / "models").mkdir()
    hashes = set()
    for name, text in [("a.py", ""), ("b.py", ""), ("a.py", "x = 1"), ("c/d.py", "x = 1")]:
        path = tmp_path / "models" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        hashes.add(source_hash("lab_baseline"))
    assert len(hashes) == 4
    (tmp_path / "models" / "notes.txt").write_text("not code")
    assert source_hash("lab_deep") in hashes


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
