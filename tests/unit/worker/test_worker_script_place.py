"""The line of a user's file in which a method is called, or an error is raised."""

from pathlib import Path

import pytest

from bench.worker.script_place import call_place, error_place, is_users

FOLDER = Path("/theirs")


class Model:
    """A model whose method notes the place from which it is called."""

    def fit(self):
        return call_place(FOLDER, "fit", self)


def run(*files: tuple[str, str]):
    """Run sources in the given files, each with the names of those before it."""
    names = {"Model": Model}
    for file, source in files:
        exec(compile(source, file, "exec"), names)
    return names


def test_the_line_is_that_of_the_call():
    assert run(("/theirs/train.py", "\n\nplace = Model().fit()"))["place"] == (
        "/theirs/train.py",
        3,
    )


def test_of_several_own_files_the_innermost_counts():
    names = run(
        ("/theirs/helper.py", "def train(model):\n    return model.fit()"),
        ("/theirs/train.py", "\n\n\nplace = train(Model())"),
    )
    assert names["place"] == ("/theirs/helper.py", 2)


def test_a_package_between_is_passed_over():
    names = run(
        ("/usr/lib/tuner.py", "def search(model):\n    return model.fit()"),
        ("/theirs/.venv/lib/site-packages/more.py", "def tune(model):\n    return search(model)"),
        ("/theirs/train.py", "\nplace = tune(Model())"),
    )
    assert names["place"] == ("/theirs/train.py", 2)


def test_a_fit_that_the_model_overrides_is_called_where_the_user_calls_it():
    own = "class Own(Model):\n    def fit(self, *x):\n        return super().fit()"
    names = run(("/theirs/train.py", f"{own}\n\nplace = Own().fit(1)"))
    assert names["place"] == ("/theirs/train.py", 5)


def test_a_function_called_fit_is_a_place_as_any_other():
    names = run(
        ("/theirs/train.py", "def fit(model):\n    return model.fit()\nplace = fit([Model()][0])")
    )
    assert names["place"].line in (2, 3)


def test_without_own_code_there_is_no_place():
    assert run(("/elsewhere/train.py", "place = Model().fit()"))["place"] is None


def test_an_installed_package_below_the_folder_is_not_the_users():
    assert is_users("/theirs/a/b.py", FOLDER)
    assert not is_users("/theirs/lib/python3.11/site-packages/keras/x.py", FOLDER)
    assert not is_users("/theirs-too/b.py", FOLDER)
    assert not is_users("<frozen runpy>", FOLDER)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ([("/theirs/train.py", "\n1 / 0")], "train.py, line 2"),
        (
            [
                ("/theirs/sub/helper.py", "def f():\n    return 1 / 0"),
                ("/theirs/train.py", "\n\nf()"),
            ],
            "sub/helper.py, line 2",
        ),
        ([("/elsewhere.py", "1 / 0")], "train.py"),
    ],
)
def test_the_place_of_an_error_is_the_innermost_own_line(files, place):
    with pytest.raises(ZeroDivisionError) as error:
        run(*files)
    assert error_place(error.value, FOLDER / "train.py") == place


def test_the_place_of_a_syntax_error_is_its_own():
    with pytest.raises(SyntaxError) as error:
        compile("x = 1\nfor", "/theirs/train.py", "exec")
    assert error_place(error.value, FOLDER / "train.py") == "train.py, line 2"
