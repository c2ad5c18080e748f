"""Parts: one array or several by name, and the names that a manifest gives them."""

import numpy as np
import pytest

from data.named_arrays import (
    PART_NAMES,
    Part,
    are_valid_names,
    each,
    flatten,
    gather,
    length,
    shapes,
    take,
)
from tests.fixtures.present import one_array

ONE = np.arange(24).reshape(4, 3, 2)
SEVERAL = {"left": ONE, "right": np.arange(4)}


def test_the_length_is_the_number_of_examples_of_one_array_and_of_several():
    assert length(ONE) == length(SEVERAL) == 4


def test_the_shape_is_that_of_one_example_by_name_where_there_are_several():
    assert shapes(ONE) == (3, 2)
    assert shapes(SEVERAL) == {"left": (3, 2), "right": ()}


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([3, 0, 0])])
def test_rows_are_taken_from_every_array(rows):
    assert np.array_equal(one_array(take(ONE, rows)), ONE[rows])
    taken = take(SEVERAL, rows)
    assert list(taken) == ["left", "right"]
    assert all(np.array_equal(taken[name], SEVERAL[name][rows]) for name in SEVERAL)


def test_a_slice_of_a_part_is_no_copy():
    assert np.shares_memory(take(ONE, slice(2)), ONE)


def test_a_change_is_made_to_each_array_and_not_to_the_part_itself():
    assert np.array_equal(one_array(each(ONE, np.negative)), -ONE)
    changed = each(SEVERAL, np.negative)
    assert np.array_equal(changed["right"], [0, -1, -2, -3]) and SEVERAL["right"][3] == 3


def test_gathering_undoes_flattening():
    parts: dict[str, Part] = {"x_train": SEVERAL, "y_train": ONE}
    flat = flatten(parts)
    assert list(flat) == ["x_train.left", "x_train.right", "y_train"]
    back = gather(flat)
    assert list(back) == list(parts) and back["y_train"] is ONE
    assert list(back["x_train"]) == ["left", "right"] and back["x_train"]["left"] is ONE


GOOD_NAMES = [
    list(PART_NAMES),
    ["x_train.a", "x_train.b", "x_test.b", "x_test.a", "y_train", "y_test"],
    ["x_train", "x_test", "y_train.a_1", "y_test.a_1"],
    ["x_train", "x_test", "y_train._" + "b" * 59, "y_test._" + "b" * 59],
]


@pytest.mark.parametrize("names", GOOD_NAMES)
def test_four_parts_of_one_array_or_several_are_named_well(names):
    assert are_valid_names(names)


BAD_NAMES = {
    "none": [],
    "one missing": ["x_train", "y_train", "x_test"],
    "another part": [*PART_NAMES, "x_val"],
    "one array and several": [*PART_NAMES, "x_train.a", "x_test.a"],
    "other keys in the other half": ["x_train.a", "x_test.b", "y_train", "y_test"],
    "several in one half": ["x_train.a", "x_test", "y_train", "y_test"],
    "no key": ["x_train.", "x_test.", "y_train", "y_test"],
    "a digit first": ["x_train.1", "x_test.1", "y_train", "y_test"],
    "a dot in a key": ["x_train.a.b", "x_test.a.b", "y_train", "y_test"],
    "a slash in a key": ["x_train.../a", "x_test.../a", "y_train", "y_test"],
    "a line end in a key": ["x_train.a\n", "x_test.a\n", "y_train", "y_test"],
    "a key of 61 letters": [f"x_{half}.{'a' * 61}" for half in ("train", "test")]
    + ["y_train", "y_test"],
}


@pytest.mark.parametrize("kind", BAD_NAMES)
def test_anything_else_is_not(kind):
    assert not are_valid_names(BAD_NAMES[kind])
