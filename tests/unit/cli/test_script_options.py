"""`--script` selects cells without a suite, and refuses what a script decides itself."""

import argparse
from pathlib import Path

import pytest

from bench.cli.options import read_cells
from bench.cli.parser import parse_words
from bench.cli.script_options import ScriptOptionError, read_script
from bench.core.cell import BACKENDS, OWN_DATA, Cell
from bench.core.script import parse_script


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "train.py"
    path.touch()
    return str(path)


def cells_of(*words: str) -> list[Cell]:
    return read_cells(parse_words(["run", *words]))


def test_a_script_has_one_cell_per_backend_without_sizes(script):
    cells = cells_of("--script", script)
    assert [cell.backend for cell in cells] == list(BACKENDS)
    for cell in cells:
        assert cell.workload == f"script:{script}"
        assert (cell.dataset, cell.batch_size, cell.epochs) == (OWN_DATA, None, None)
        assert (cell.seed, cell.lane, cell.precision, cell.task) == (0, "default", "float32", "fit")


def test_what_follows_the_dashes_is_the_scripts_own(script):
    (cell,) = cells_of("--backend=jax", "--script", script, "--", "--epochs", "3", "--", "x y")
    assert parse_script(cell.workload).arguments == ("--epochs", "3", "--", "x y")
    (cell,) = cells_of("--backend=jax", f"--script={script}", "--")
    assert parse_script(cell.workload).arguments == ()


def test_seeds_and_precisions_give_cells_of_their_own(script):
    options = ("--script", script, "--backend", "torch", "--precision", "mixed_bfloat16")
    (cell,) = cells_of(*options, "--seed", "7")
    assert (cell.seed, cell.precision) == (7, "mixed_bfloat16")
    assert [cell.seed for cell in cells_of(*options, "--seeds", "3")] == [1, 2, 3]


def test_stand_ins_are_part_of_the_workload(script, tmp_path):
    (cell,) = cells_of("--script", script, "--backend=jax", "--stand-ins", str(tmp_path))
    assert parse_script(cell.workload).stand_ins == tmp_path


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["--workload", "mlp"], "--workload"),
        (["--dataset", "digits"], "--dataset"),
        (["--data-dir", "."], "--data-dir"),
        (["--epochs", "2"], "--epochs"),
        (["--batch-size", "2"], "--batch-size"),
        (["--limit-train", "2"], "--limit-train"),
        (["--limit-test", "2"], "--limit-test"),
        (["--task", "fit"], "--task"),
        (["--lane", "matched"], "--lane matched"),
        (["--unsafe-keras"], "--unsafe-keras"),
        (["--suite", "vision"], "--suite"),
    ],
)
def test_an_option_that_contradicts_is_named(script, words, option):
    with pytest.raises(ScriptOptionError, match=f"^{option} cannot be combined with --script"):
        cells_of("--script", script, *words)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seed", "0"], "--seed is 0, which stands for the seeds of the script itself"),
        (["--seed", "-1"], "seed is -1; allowed is 0 to"),
    ],
)
def test_a_seed_that_cannot_be_set_is_a_sentence(script, words, sentence):
    with pytest.raises(ScriptOptionError, match=sentence):
        cells_of("--script", script, *words)


def test_stand_ins_need_a_script():
    with pytest.raises(ScriptOptionError, match="--stand-ins is given without --script"):
        cells_of("--stand-ins", ".")


def test_a_default_lane_is_no_contradiction(script):
    assert len(cells_of("--script", script, "--lane", "default")) == len(BACKENDS)


def test_a_command_without_the_option_has_no_script():
    assert read_script(argparse.Namespace()) is None


@pytest.mark.parametrize("command", ["race", "plan"])
def test_race_and_plan_take_a_script_too(command, script):
    assert len(read_cells(parse_words([command, "--script", script, "--", "-x"]))) == 3


def test_dashes_without_a_script_are_refused(capsys):
    with pytest.raises(SystemExit):
        parse_words(["run", "--", "-x"])
    assert "unrecognized argument" in capsys.readouterr().err
