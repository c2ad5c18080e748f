"""FILE.py:FUNCTION, a user's own function: its name, and what its arrays are called."""

import pytest

from data import function_runner
from data.errors import BadOptionError, MissingSourceError
from data.named_arrays import PART_NAMES
from data.prepare import prepare

HALF = ([1], [1])


@pytest.mark.parametrize("returned", [None, 3, [HALF, HALF], {}])
def test_anything_but_a_tuple_is_refused(returned):
    with pytest.raises(TypeError, match=f"it returned {type(returned).__name__}, where x, y or "):
        function_runner.name_parts(returned)


@pytest.mark.parametrize(
    ("returned", "found"),
    [
        ((HALF, HALF, HALF), "3 splits, where 2"),
        (([1],), "1 parts, where 2"),
        (([1], [1], [1]), "3 parts, where 2"),
        (((*HALF, [1]), (*HALF, [1])), "3 parts for training, where 2"),
        ((HALF, (*HALF, [1])), "3 parts for validation, where 2"),
        (([1], None), "None for y, where 2"),
        ((([1], None), HALF), "None for y_train, where 2"),
    ],
)
def test_other_parts_are_refused_with_the_number_that_is_expected(returned, found):
    with pytest.raises(TypeError, match=f"it returned {found} .*`data` in the model's file"):
        function_runner.name_parts(returned)


def test_parts_are_named_by_whether_both_halves_are_pairs():
    assert list(function_runner.name_parts((HALF, HALF))) == [*PART_NAMES]
    assert function_runner.name_parts(([1], [2])) == {"x": [1], "y": [2]}
    assert list(function_runner.name_parts(([1, 2], HALF))) == ["x", "y"]


def test_lists_of_unequal_length_are_no_array(tmp_path):
    with pytest.raises(ValueError, match="inhomogeneous"):
        function_runner.save({"x": [[1, 2], [3]]}, str(tmp_path / "arrays.npz"))


def test_a_missing_file_or_function_is_named(tmp_path):
    with pytest.raises(MissingSourceError, match=r"nothing\.py cannot be read \(No such file"):
        prepare(f"{tmp_path}/nothing.py:make", cache_dir=tmp_path)
    with pytest.raises(
        BadOptionError, match=r"mine\.py:' lacks a function; write FILE\.py:FUNCTION"
    ):
        prepare(f"{tmp_path}/mine.py:", cache_dir=tmp_path)
    with pytest.raises(BadOptionError, match="lacks a function"):
        prepare(f"{tmp_path}/mine.py:make()", cache_dir=tmp_path)


def test_the_home_of_an_unknown_user_is_one_sentence(tmp_path):
    with pytest.raises(MissingSourceError, match=r"cannot be found \(Could not determine home"):
        prepare("~no.such.user/mine.py:make", cache_dir=tmp_path)
