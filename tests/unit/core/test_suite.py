"""Suites: what a file and the command line may say, and one sentence for what they may not."""

import errno
from pathlib import Path

import pytest

from bench.core.cell import BACKENDS
from bench.core.suite import Entry, Overrides, SuiteError, expand, load_suite, suite_names

NO_CHOICES = Overrides()
ENTRY = {"workload": "lab_baseline", "dataset": "digits"}


def write(folder: Path, text: str | bytes) -> str:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def suite_text(line: str = "", *, workload: str = "lab_baseline") -> str:
    head = 'description = "mine"\n[[cells]]\n'
    return f'{head}workload = "{workload}"\ndataset = "digits"\n{line}\n'


def one_sentence(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text and text.endswith("."), text
    return text


def refused(folder: Path, text: str | bytes, choices: Overrides = NO_CHOICES) -> str:
    """Return the one sentence in which the suite is refused; it names the file."""
    path = write(folder, text)
    with pytest.raises(SuiteError) as caught:
        expand(load_suite(path), choices, path)
    assert path in one_sentence(caught.value)
    return str(caught.value)


def test_quick_trains_both_workloads_on_digits_on_every_backend():
    cells = expand(load_suite("quick"), NO_CHOICES, "quick")
    assert [(c.workload, c.backend) for c in cells] == [
        (workload, backend) for workload in ("lab_baseline", "lab_deep") for backend in BACKENDS
    ]
    assert {c.dataset for c in cells} == {"digits"}


def test_lab_takes_batch_size_and_epochs_from_the_recipes():
    cells = expand(load_suite("lab"), NO_CHOICES, "lab")
    assert len(cells) == 6
    assert {(c.dataset, c.batch_size, c.epochs) for c in cells} == {("cifar10", 64, 5)}


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_of_the_harness_gives_cells(name):
    assert expand(load_suite(name), NO_CHOICES, name)


def test_an_unknown_suite_is_refused_with_the_known_ones():
    with pytest.raises(SuiteError) as caught:
        load_suite("slow")
    sentence = one_sentence(caught.value)
    names = "gate, lab, predict, quick, race, ratios, sweep, text, vision"
    assert sentence == f"suite is 'slow'; allowed are {names} or a .toml file."


def test_a_missing_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(SuiteError) as caught:
        load_suite(str(tmp_path / "none.toml"))
    assert one_sentence(caught.value).endswith(
        "none.toml cannot be read: No such file or directory."
    )


def test_a_folder_in_the_place_of_a_suite_is_refused(tmp_path):
    with pytest.raises(SuiteError, match="Is a directory"):
        load_suite(str((tmp_path / "folder.toml").mkdir() or tmp_path / "folder.toml"))


def test_a_file_without_permission_is_refused(tmp_path, monkeypatch):
    def deny(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", deny)
    with pytest.raises(SuiteError, match=r"x\.toml cannot be read: Permission denied\."):
        load_suite("x.toml")


@pytest.mark.parametrize(
    "text",
    [
        "cells = [",
        "= 1",
        "[[cells]]\n[[cells]",
        "description = 1" + "0" * 5000,
        "a = " + "[" * 9999,
    ],
    ids=["open bracket", "no key", "half a header", "endless number", "endless nesting"],
)
def test_what_is_not_toml_is_refused(tmp_path, text):
    assert " is not TOML: " in refused(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    assert "is not UTF-8 text" in refused(tmp_path, b"\xff\xfe\x00")


def test_a_suite_without_cells_is_refused(tmp_path):
    assert "names no cell" in refused(tmp_path, 'description = "mine"\ncells = []')
    assert "`cells`" in refused(tmp_path, 'description = "mine"')


def test_an_unknown_key_is_refused_with_the_allowed_ones(tmp_path):
    sentence = refused(tmp_path, suite_text("batchsize = 4"))
    assert "`batchsize`" in sentence
    assert all(name in sentence for name in Entry.__struct_fields__)


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('batch_size = "16"', "batch_size"),
        ("epochs = 1.5", "epochs"),
        ("epochs = true", "epochs"),
        ('backends = "jax"', "backends"),
        ("lane = 1", "lane"),
        ("seed = 1979-05-27", "seed"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_its_key(tmp_path, line, key):
    assert f"$.cells[0].{key}" in refused(tmp_path, suite_text(line)).replace("[...]", "[0]")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('backends = ["tf"]', "backend is 'tf'; allowed are jax, tensorflow, torch"),
        ('lane = "fast"', "lane is 'fast'; allowed are default"),
        (
            'precision = "float64"',
            "precision is 'float64'; did you mean 'float32'? allowed are float32",
        ),
        ('device = "tpu"', "device is 'tpu'; did you mean 'gpu'? allowed are cpu, gpu"),
        ("epochs = 0", "epochs is 0; allowed is 1 to"),
        ("batch_size = -1", "batch_size is -1; allowed is 1 to"),
        ("seed = 99999999999999999999", "seed is 99999999999999999999; allowed is 0 to"),
        ("limit_train = 0", "limit_train is 0; allowed is 1 to"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_with_cell_key_and_allowed_ones(
    tmp_path, line, words
):
    sentence = refused(tmp_path, suite_text(line))
    assert f", cell 1: {words}" in sentence


@pytest.mark.parametrize(
    "workload",
    [
        "resnet",
        "model.py",
        "model.h5",
        "applications:",
        "applications:a b",
        "model.py:",
        "model.py:a b",
        ":build",
        "",
        "~no-such-user/m.py:build",
    ],
)
def test_an_unknown_workload_is_refused_with_the_known_ones(tmp_path, workload):
    sentence = refused(tmp_path, suite_text(workload=workload))
    assert f"cell 1: workload is '{workload}'" in sentence
    if "~" not in workload:
        assert "allowed are lab_baseline, lab_deep, mlp, " in sentence
        assert sentence.endswith("FILE.py:FUNCTION, FILE.keras, applications:NAME.")


def test_a_chosen_workload_is_refused_by_its_place_in_the_file_or_as_the_choice_it_is(tmp_path):
    wrong = '[[cells]]\nworkload = "mlp"\ndataset = "digits"\nepochs = 0\n'
    chosen = refused(tmp_path, suite_text() + wrong, Overrides(workloads=("mlp",)))
    assert ", cell 2: epochs is 0" in chosen
    adopted = refused(tmp_path, suite_text("epochs = 0"), Overrides(workloads=("lab_deep",)))
    assert ", --workload lab_deep: epochs is 0" in adopted


def test_a_workload_whose_file_is_missing_is_refused_with_its_path(tmp_path):
    sentence = refused(tmp_path, suite_text(workload=f"{tmp_path}/cnn.py:build"))
    assert f"the file {tmp_path}/cnn.py does not exist" in sentence


def test_a_workload_with_a_null_byte_is_refused(tmp_path):
    assert "workload is" in refused(tmp_path, suite_text(workload=r"a\u0000.py:build"))


def test_the_code_of_a_saved_model_runs_by_the_users_word_and_not_by_a_suites(tmp_path):
    (tmp_path / "mine.keras").touch()
    sentence = refused(tmp_path, suite_text(workload=f"unsafe:{tmp_path}/mine.keras"))
    assert "whose code runs only with --unsafe-keras" in sentence
    path = write(tmp_path, suite_text(workload=f"{tmp_path}/mine.keras"))
    for said, marked in ((False, ""), (True, "unsafe:")):
        cells = expand(load_suite(path), Overrides(unsafe_keras=said), path)
        assert {cell.workload for cell in cells} == {f"{marked}{tmp_path}/mine.keras"}


def test_an_empty_dataset_is_refused(tmp_path):
    text = suite_text().replace('"digits"', '""')
    assert "dataset is empty; it must name a dataset." in refused(tmp_path, text)


def test_a_backend_filter_that_leaves_nothing_is_refused_with_the_backends(tmp_path):
    text = suite_text('backends = ["torch", "jax"]')
    sentence = refused(tmp_path, text, Overrides(backends=("tensorflow",)))
    assert sentence.endswith("has no cell for backend tensorflow; its backends are jax, torch.")


def test_a_suite_whose_cells_name_no_backend_is_refused(tmp_path):
    sentence = refused(tmp_path, suite_text("backends = []"))
    assert sentence.endswith("no cell for backend jax, tensorflow, torch; its backends are none.")
