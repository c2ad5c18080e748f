"""The name of a script as a workload, and what belongs to its source and its data."""

from pathlib import Path

import pytest

from bench.core.cell import OWN_DATA, Cell
from bench.core.script import Script, ScriptNameError, find_script, parse_script
from bench.core.workload import (
    WorkloadNameError,
    builder_of,
    dataset_of,
    job_of,
    own_data_fingerprint,
    recipe_of,
    resolve_workload,
    source_hash,
)
from models.table import DEFAULT_RECIPE


def make_cell(workload: str) -> Cell:
    return Cell(workload=workload, dataset=OWN_DATA, backend="jax", batch_size=None, epochs=None)


@pytest.mark.parametrize(
    "script",
    [
        Script(Path("/a/train.py")),
        Script(Path("/a b/it's.py"), ("--name", "two words", "", "--", "a.py:b")),
        Script(Path("/a/train.py"), ("STAND_INS=/x",), Path("/the stand ins")),
    ],
)
def test_a_script_survives_its_name(script):
    assert parse_script(script.workload) == script


def test_a_name_reads_like_a_command_line():
    script = Script(Path("/a/train.py"), ("--epochs", "3"), Path("/s"))
    assert script.workload == "script:STAND_INS=/s /a/train.py --epochs 3"


@pytest.mark.parametrize("name", ["mlp", "script:", "script:'open", "script:STAND_INS=/s"])
def test_a_name_of_no_script_is_refused(name):
    with pytest.raises(ScriptNameError, match="names no script"):
        parse_script(name)


def test_a_script_is_found_with_absolute_paths(tmp_path, monkeypatch):
    (tmp_path / "train.py").touch()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    found = find_script("train.py", ["-x"], "data")
    assert found == Script(tmp_path / "train.py", ("-x",), tmp_path / "data")


@pytest.mark.parametrize(
    ("path", "stand_ins", "sentence"),
    [
        ("trai.py", None, r"trai.py does not exist; did you mean 'train.py'\?"),
        ("other.txt", None, r"other.txt does not exist\.$"),
        (".", None, "does not exist"),
        ("nul\0l.py", None, "which is not a path"),
        ("x" * 5000, None, "which is not a path"),
        ("train.py", "missing", "missing is not a folder"),
        ("train.py", "train.py", "train.py is not a folder"),
    ],
)
def test_a_wrong_path_ends_in_one_sentence(tmp_path, monkeypatch, path, stand_ins, sentence):
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ScriptNameError, match=sentence):
        find_script(path, [], stand_ins)


def test_the_source_of_a_script_is_its_file_its_imports_and_its_arguments(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("import helper\n")
    (tmp_path / "helper.py").write_text("x = 1\n")
    name, same = Script(path).workload, Script(path, ("--a",)).workload
    before = source_hash(name)
    assert source_hash(same) != before
    (tmp_path / "unrelated.py").touch()
    assert source_hash(name) == before
    (tmp_path / "helper.py").write_text("x = 2\n")
    assert source_hash(name) != before


def test_the_content_of_stand_ins_is_in_the_fingerprint_of_the_data(tmp_path):
    path, folder = tmp_path / "train.py", tmp_path / "files"
    path.touch()
    (folder / "deep").mkdir(parents=True)
    plain, stood_in = Script(path).workload, Script(path, (), folder).workload
    assert own_data_fingerprint(plain) == source_hash(plain) == source_hash(stood_in)
    prints = {own_data_fingerprint(plain), own_data_fingerprint(stood_in)}
    (folder / "deep" / "a.csv").write_text("1")
    prints.add(own_data_fingerprint(stood_in))
    (folder / "deep" / "a.csv").rename(folder / "deep" / "b.csv")
    prints.add(own_data_fingerprint(stood_in))
    assert len(prints) == 4


def test_a_script_that_is_gone_is_told():
    with pytest.raises(WorkloadNameError, match=r"gone\.py cannot be read"):
        source_hash("script:/nowhere/gone.py")


def test_a_script_has_no_recipe_of_its_own_and_makes_its_data_itself(tmp_path):
    path = tmp_path / "train.py"
    path.write_text("RECIPE = {'batch_size': 1}\n")
    name = Script(path, ("other.py:build",)).workload
    assert recipe_of(name) is DEFAULT_RECIPE
    assert dataset_of(name) == OWN_DATA


def test_the_job_of_a_script_has_no_dataset_and_names_its_stand_ins(tmp_path):
    script = Script(tmp_path / "train.py", ("-x",), tmp_path)
    job = job_of(make_cell(script.workload), None)
    assert (job.builder, job.dataset_folder) == (script.workload, "")
    assert job.stand_ins == str(tmp_path)
    assert job_of(make_cell(script._replace(stand_ins=None).workload), None).stand_ins == ""


def test_a_side_of_a_gate_has_its_own_copy_of_the_script():
    script = Script(Path("/a/train.py"), ("-x",))
    assert builder_of(script.workload, Path("/other")) == "script:/other/train.py -x"


def test_a_script_is_not_a_workload_of_a_suite():
    with pytest.raises(WorkloadNameError, match=r"a script is given with --script FILE\.py"):
        resolve_workload("script:train.py")


@pytest.mark.parametrize(
    ("workload", "start"),
    [
        ("script:/a/train.py", "train.py~"),
        ("script:'/a b/my train.py' --data /x/y.csv", "my_train.py~"),
        ("script:STAND_INS=/s/t /a/train.py -x", "train.py~"),
        ("script:/a/train --x", "train_x~"),
    ],
)
def test_the_id_of_a_cell_starts_with_the_name_of_the_file(workload, start):
    cell = make_cell(workload)
    assert cell.id.startswith(start)
    assert cell.id.endswith("-own-jax-default-float32-s0-cpu")
