"""Workloads seen from the parent: names, recipes, builders, sources."""

import pytest

from bench import workload as workload_module
from bench.workload import (
    WorkloadNameError,
    builder_of,
    recipe_of,
    resolve_workload,
    source_hash,
)
from models.table import DEFAULT_RECIPE, WORKLOADS


def test_the_table_holds_the_lab_workloads_with_their_parameter_counts():
    counts = {n: (w.parameters, w.trainable_parameters) for n, w in WORKLOADS.items()}
    assert counts == {"lab_baseline": (24_666, 24_666), "lab_deep": (552_874, 551_722)}


@pytest.mark.parametrize("name", WORKLOADS)
def test_the_recipe_of_the_lab_is_adam_with_batches_of_64_for_5_epochs(name):
    recipe = recipe_of(name)
    assert (recipe.optimizer, recipe.loss) == ("adam", "categorical_crossentropy")
    assert (recipe.metrics, recipe.batch_size, recipe.epochs) == (("accuracy",), 64, 5)


@pytest.mark.parametrize("name", WORKLOADS)
def test_a_workload_of_the_table_keeps_its_name_and_has_a_builder_in_models(name):
    assert resolve_workload(name) == name
    assert builder_of(name).startswith("models.") and ":" in builder_of(name)
    assert set(WORKLOADS[name].accuracy_floor) == {"digits", "cifar10"}


def test_a_users_workload_is_its_own_builder_with_the_default_recipe(tmp_path):
    (tmp_path / "cnn.py").touch()
    name = resolve_workload(f"{tmp_path}/x/../cnn.py:build")
    assert name == builder_of(name) == f"{tmp_path}/cnn.py:build"
    assert recipe_of(name) is DEFAULT_RECIPE


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


def test_the_source_hash_of_a_users_workload_is_that_of_its_file_alone(tmp_path):
    name = f"{tmp_path}/cnn.py:build"
    (tmp_path / "cnn.py").write_text("a = 1")
    before = source_hash(name)
    (tmp_path / "other.py").write_text("b = 1")
    assert source_hash(name) == before
    (tmp_path / "cnn.py").write_text("a = 2")
    assert source_hash(name) != before


def test_a_users_file_that_went_away_is_one_sentence(tmp_path):
    with pytest.raises(WorkloadNameError, match=r"cnn\.py cannot be read: No such file"):
        source_hash(f"{tmp_path}/cnn.py:build")
