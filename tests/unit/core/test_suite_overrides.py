"""What the command line and a user's own workload make of a suite's cells."""

from typing import Any

import pytest

from bench.core.cell import BACKENDS
from bench.core.suite import Entry, Overrides, Suite, SuiteError, expand, load_suite
from models.table import DEFAULT_RECIPE

NO_CHOICES = Overrides()
ENTRY: dict[str, Any] = {"workload": "lab_baseline", "dataset": "digits"}


def test_choices_replace_the_values_of_every_cell():
    choices = Overrides(
        backends=("torch", "jax"),
        workloads=("lab_deep",),
        dataset="cifar10",
        batch_sizes=(8,),
        epochs=2,
        seeds=(3,),
        device="gpu",
        limit_train=64,
        limit_test=32,
        tasks=("predict",),
        precisions=("mixed_float16",),
    )
    cells = expand(load_suite("quick"), choices, "quick")
    seen = [(c.workload, c.dataset, c.backend, c.batch_size, c.epochs) for c in cells]
    assert seen == [("lab_deep", "cifar10", backend, 8, 2) for backend in ("jax", "torch")]
    assert {(c.seed, c.device, c.limit_train, c.limit_test) for c in cells} == {(3, "gpu", 64, 32)}
    assert {(c.task, c.precision) for c in cells} == {("predict", "mixed_float16")}


def test_a_list_of_values_is_a_cell_for_each_and_the_backends_stand_together():
    entry = Entry(**ENTRY, batch_size=(8, 32), task=("fit", "predict"), backends=("jax", "torch"))
    cells = expand(Suite(description="", cells=(entry,)), NO_CHOICES, "x")
    seen = [(c.task, c.batch_size, c.backend) for c in cells]
    assert seen == [
        (task, size, backend)
        for task in ("fit", "predict")
        for size in (8, 32)
        for backend in ("jax", "torch")
    ]


def test_without_a_dataset_a_workload_is_trained_on_its_own():
    suite = Suite(description="", cells=(Entry(workload="lstm_text"), Entry(workload="mlp")))
    assert {(c.workload, c.dataset) for c in expand(suite, NO_CHOICES, "x")} == {
        ("lstm_text", "verses"),
        ("mlp", "fashion_mnist"),
    }


def test_a_chosen_workload_that_is_not_fed_with_the_suites_images_gets_its_own_data():
    choices = Overrides(workloads=("resnet20", "gru_text"), backends=("jax",))
    cells = expand(load_suite("quick"), choices, "quick")
    assert [(c.dataset, c.batch_size, c.epochs) for c in cells] == [
        ("digits", 16, 4),
        ("verses", 32, 4),
    ]


def test_the_place_of_a_users_data_is_made_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("npz:a.npz", "images:pictures@32x32", "load.py:load"):
        cells = expand(load_suite("quick"), Overrides(dataset=name), "quick")
        assert str(tmp_path) in cells[0].dataset


def test_a_chosen_zero_is_a_choice_and_not_a_gap():
    suite = Suite(description="", cells=(Entry(**ENTRY, seed=7),))
    assert {c.seed for c in expand(suite, Overrides(seeds=(0,)), "x")} == {0}
    with pytest.raises(SuiteError, match="epochs is 0"):
        expand(suite, Overrides(epochs=0), "x")
    with pytest.raises(SuiteError, match="limit_train is 0"):
        expand(suite, Overrides(limit_train=0), "x")


def test_a_users_workload_has_the_seed_of_the_first_entry_and_the_default_recipe(tmp_path):
    (tmp_path / "cnn.py").write_text("def build(): ...")
    name = f"{tmp_path}/cnn.py:build"
    entries = (Entry(**ENTRY, batch_size=16, seed=4, backends=("torch",)), Entry(**ENTRY))
    cells = expand(Suite(description="", cells=entries), Overrides(workloads=(name,)), "x")
    assert [(c.workload, c.backend) for c in cells] == [(name, "torch")]
    assert [(c.batch_size, c.epochs, c.seed) for c in cells] == [
        (DEFAULT_RECIPE.batch_size, DEFAULT_RECIPE.epochs, 4)
    ]


def test_a_users_recipe_goes_before_the_first_entry_and_the_command_line_before_it(tmp_path):
    (tmp_path / "cnn.py").write_text('RECIPE = {"batch_size": 8, "epochs": 3}\ndef build(): ...')
    chosen: dict[str, Any] = {"workloads": (f"{tmp_path}/cnn.py:build",), "backends": ("jax",)}
    [own] = expand(load_suite("quick"), Overrides(**chosen), "quick")
    assert (own.dataset, own.batch_size, own.epochs) == ("digits", 8, 3)
    [told] = expand(load_suite("quick"), Overrides(**chosen, batch_sizes=(4,), epochs=1), "quick")
    assert (told.batch_size, told.epochs) == (4, 1)


def test_a_users_file_gets_its_absolute_path(tmp_path, monkeypatch):
    (tmp_path / "cnn.py").touch()
    monkeypatch.chdir(tmp_path)
    cells = expand(load_suite("quick"), Overrides(workloads=("cnn.py:build",)), "quick")
    assert {c.workload for c in cells} == {f"{tmp_path}/cnn.py:build"}


def test_equal_cells_are_run_once():
    suite = Suite(description="", cells=(Entry(**ENTRY), Entry(**ENTRY)))
    assert len(expand(suite, NO_CHOICES, "x")) == len(BACKENDS)
