"""A script runs as the main program: its own name, folder, arguments and end."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.core.paths import CHECKOUT
from bench.core.script import Script
from bench.worker.script_process import ScriptError, keep_downloads, run_as_main


@pytest.fixture(autouse=True)
def process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Give the test a process state of its own, because the script is the main program of it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "argv", [*sys.argv])
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.chdir(tmp_path)
    ours = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    yield
    for name in [name for name in sys.modules if _is_ours(name)]:
        del sys.modules[name]
    sys.modules.update(ours)


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in ("data", "models", "helper")


@pytest.fixture
def run(tmp_path: Path):
    folder = tmp_path / "theirs"
    folder.mkdir()

    def run(source: str, *arguments: str, **others: str) -> Path:
        (folder / "train.py").write_text(source)
        for name, text in others.items():
            (folder / f"{name}.py").write_text(text)
        run_as_main(Script(folder / "train.py", arguments))
        return folder

    return run


def test_a_script_is_the_main_program_in_its_folder_with_its_arguments(run, capsys):
    folder = run(
        "import os, sys, helper, data\n"
        "print(__name__, __file__, sys.argv, os.getcwd(), sys.path[0], helper.x, data.y)\n"
        "class Thing: pass\n"
        "print(sys.modules['__main__'].Thing is Thing, __spec__)\n",
        "--epochs",
        "3",
        helper="x = 5",
        data="y = 6",
    )
    file = folder / "train.py"
    first = f"__main__ {file} ['{file}', '--epochs', '3'] {folder} {folder} 5 6"
    assert capsys.readouterr().out.splitlines() == [first, "True None"]
    assert str(CHECKOUT) in sys.path


def test_our_packages_are_not_those_of_the_script(run):
    with pytest.raises(ModuleNotFoundError):
        run("import models.table")


@pytest.mark.parametrize("end", ["", "exit()", "import sys; sys.exit(0)", "quit(None)"])
def test_a_script_that_ends_without_an_error_has_ended_well(run, end):
    run(f"done = True\n{end}")
    assert sys.modules["__main__"].done


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        ("sys.exit(3)", "train.py, line 3, ended the script with status 3"),
        ("sys.exit('no data')", "train.py, line 3, ended the script with the message: no data"),
        ("x = input('?')", "train.py, line 3, asks for input, and a script here has none."),
    ],
)
def test_any_other_end_is_a_sentence_with_its_line(run, end, sentence, monkeypatch):
    monkeypatch.setattr("builtins.input", _no_input)
    with pytest.raises(ScriptError) as error:
        run(f"import sys\n\n{end}")
    assert str(error.value) == sentence


def _no_input(prompt: str = "") -> str:
    raise EOFError("EOF when reading a line")


def test_an_end_of_another_file_is_an_error_of_the_script(run):
    with pytest.raises(EOFError, match="truncated"):
        run("raise EOFError('truncated archive')")


def test_the_downloads_of_keras_stay_in_the_home_of_the_user(monkeypatch, tmp_path):
    home, own = tmp_path / "home", tmp_path / "launch"
    own.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("KERAS_HOME", str(own))
    keep_downloads()
    (own / "datasets" / "mnist.npz").touch()
    assert (home / ".keras" / "datasets" / "mnist.npz").exists()
    assert sorted(path.name for path in own.iterdir()) == ["datasets", "models"]


def test_a_home_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    keep_downloads()
    assert not (tmp_path / "datasets").exists()
