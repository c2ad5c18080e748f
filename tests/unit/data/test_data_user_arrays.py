"""A user's own arrays: checked, split, and counted by class."""

import re

import numpy as np
import pytest

from data.errors import WrongArraysError
from data.named_arrays import PART_NAMES, Array
from data.user_arrays import arrange, count_classes
from tests.fixtures.present import one_array

PLACE = "/somewhere/mine.npz"


def four(**changed) -> dict:
    """Return four good arrays, some of them changed; None takes one away."""
    arrays = {
        "x_train": np.zeros((6, 2), np.float32),
        "y_train": np.arange(6) % 3,
        "x_test": np.ones((4, 2), np.float32),
        "y_test": np.arange(4) % 3,
    }
    return {name: array for name, array in (arrays | changed).items() if array is not None}


def arranged(flat: dict) -> dict[str, Array]:
    """Return the four arrays that are made of `flat`, none of which has names."""
    return {name: one_array(part) for name, part in arrange(flat, PLACE).items()}


def refused(flat: dict, sentence: str) -> None:
    with pytest.raises(WrongArraysError, match=sentence) as caught:
        arrange(flat, PLACE)
    assert PLACE in str(caught.value)


def test_four_arrays_stay_as_they_are():
    flat = four(y_train=np.array([0, 1, 2, 0, 1, 2], np.uint8))
    parts = arranged(flat)
    assert set(parts) == set(PART_NAMES)
    for name, array in flat.items():
        assert parts[name].dtype == array.dtype and np.array_equal(parts[name], array)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (1,), (5,)])
def test_targets_keep_their_type_and_shape(dtype, shape):
    y = {"y_train": np.zeros((6, *shape), dtype), "y_test": np.ones((4, *shape), dtype)}
    parts = arranged(four(**y))
    assert parts["y_train"].dtype == dtype and parts["y_train"].shape == (6, *shape)


def test_arrays_of_another_byte_order_get_that_of_this_machine():
    swapped = np.arange(12, dtype=np.float32).reshape(6, 2)
    order = swapped.dtype.newbyteorder("S")
    parts = arranged(four(x_train=swapped.astype(order)))
    assert parts["x_train"].dtype.isnative and np.array_equal(parts["x_train"], swapped)


def test_x_and_y_alone_are_split_to_a_fifth_and_each_example_keeps_its_target():
    x = np.arange(50)
    parts = arranged({"x": x, "y": x * 2})
    assert len(parts["x_test"]) == 10 and len(parts["x_train"]) == 40
    assert sorted([*parts["x_train"], *parts["x_test"]]) == list(x)
    for half in ("train", "test"):
        assert np.array_equal(parts[f"y_{half}"], 2 * parts[f"x_{half}"])
        assert list(parts[f"x_{half}"]) == sorted(parts[f"x_{half}"])


def test_the_split_is_the_same_everywhere():
    parts = arranged({"x": np.arange(20), "y": np.zeros(20)})
    assert list(parts["x_test"]) == [1, 8, 18, 19]


def test_two_examples_are_the_fewest_that_can_be_split():
    parts = arranged({"x": np.arange(2), "y": np.arange(2)})
    assert len(parts["x_train"]) == len(parts["x_test"]) == 1
    refused({"x": np.arange(1), "y": np.arange(1)}, "cannot be split: it has 1 of x, 1 of y")
    refused({"x": np.arange(0), "y": np.arange(0)}, "cannot be split: it has 0 of x, 0 of y")


def test_what_is_split_must_be_equally_many():
    refused({"x": np.arange(5), "y": np.arange(4)}, "cannot be split: it has 5 of x, 4 of y")


def test_keyed_parts_become_dictionaries():
    x = {
        f"x_{half}.{key}": np.zeros((n, 3))
        for half, n in (("train", 6), ("test", 4))
        for key in "ab"
    }
    parts = arrange(four(x_train=None, x_test=None) | x, PLACE)
    assert list(parts["x_train"]) == list(parts["x_test"]) == ["a", "b"]
    assert parts["x_test"]["b"].shape == (4, 3)


def test_keyed_parts_are_split_at_the_same_rows():
    x = np.arange(10)
    parts = arrange({"x.a": x, "x.b": -x, "y.c": 3 * x, "y.d": x * 0.5}, PLACE)
    assert len(parts["x_test"]["a"]) == 2
    for half in ("train", "test"):
        rows = parts[f"x_{half}"]["a"]
        assert np.array_equal(parts[f"x_{half}"]["b"], -rows)
        assert np.array_equal(parts[f"y_{half}"]["c"], 3 * rows)
    assert parts["y_test"]["c"].dtype == np.int64 and parts["y_test"]["d"].dtype == np.float64


WRONG_NAMES = {
    "nothing": ({}, "holds nothing, where"),
    "positional": ({"arr_0": np.zeros(3)}, "holds arr_0, where"),
    "x alone": ({"x": np.zeros(3)}, "holds x, where"),
    "three": (four(y_test=None), "holds x_test, x_train, y_train, where"),
    "five": (four(names=np.zeros(3)), "holds names, x_test"),
    "x of both kinds": ({"x": np.zeros(3), "x.a": np.zeros(3), "y": np.zeros(3)}, "holds x_test"),
    "a bad key": ({"x.a b": np.zeros(3), "y": np.zeros(3)}, "holds x_test.a b"),
    "a half without keys": (four(x_train=None) | {"x_train.a": np.zeros(6)}, r"x_train\.a"),
}


@pytest.mark.parametrize("kind", WRONG_NAMES)
def test_other_names_are_answered_with_those_allowed(kind):
    flat, found = WRONG_NAMES[kind]
    refused(
        flat,
        f"{found}.* x_train, y_train, x_test, y_test, or x and y alone.*several named PART.NAME",
    )


WRONG_TYPES = {
    "object": (np.array([None] * 6), "object"),
    "text": (np.array(list("abcdef")), "str"),
    "bytes": (np.array([b"a"] * 6), "bytes"),
    "complex": (np.zeros(6, complex), "complex128"),
    "dates": (np.zeros(6, "datetime64[s]"), "datetime64"),
    "records": (np.zeros(6, [("a", int)]), "void"),
    "a number": (np.array(3), "int64"),
    "no array": ([0, 1, 2, 0, 1, 2], "list"),
}


@pytest.mark.parametrize("kind", WRONG_TYPES)
def test_arrays_that_are_not_of_numbers_are_named_with_their_type(kind):
    array, type_name = WRONG_TYPES[kind]
    sentence = f"y_train is {type_name}.*, where arrays of numbers with a first axis are allowed"
    refused(four(y_train=array), sentence)


def test_examples_of_another_number_than_targets_are_counted():
    refused(
        four(x_train=np.zeros((5, 2))), "has 5 of x, 6 of y train examples, where equal numbers"
    )
    refused(four(y_test=np.arange(9)), "has 4 of x, 9 of y test examples, where equal numbers")


def test_keyed_arrays_of_unequal_length_are_counted_by_name():
    flat = {"x_train.a": np.zeros(6), "x_train.b": np.zeros(5)}
    flat |= {"x_test.a": np.zeros(4), "x_test.b": np.zeros(4)}
    sentence = r"has 6 of x\.a, 5 of x\.b, 6 of y train examples"
    refused(four(x_train=None, x_test=None) | flat, sentence)


@pytest.mark.parametrize("half", ["train", "test"])
def test_a_half_without_an_example_is_refused_with_what_is_allowed(half):
    empty = {f"x_{half}": np.zeros((0, 2)), f"y_{half}": np.zeros(0)}
    sentence = f"has 0 of x, 0 of y {half} examples, where equal numbers, at least one, are allowed"
    refused(four(**empty), sentence)


def test_halves_of_unequal_shapes_are_named_with_both():
    shape = re.escape("x has the shape (2,) for training and (3,) for validation")
    refused(four(x_test=np.zeros((4, 3))), f"{shape}; they must be equal")
    shape = re.escape("y has the shape () for training and (1,) for validation")
    refused(four(y_test=np.zeros((4, 1))), shape)


def count(train: list, test: list) -> int:
    x = {"x_train": np.zeros(3), "x_test": np.zeros(2)}
    return count_classes({**x, "y_train": np.array(train), "y_test": np.array(test)})


def test_classes_reach_from_0_to_the_largest_label_of_both_halves():
    assert count([0, 2, 1], [0, 1]) == 3
    assert count([0, 1, 1], [6, 1]) == 7


def test_one_class_alone_is_counted_as_two():
    assert count([0, 0, 0], [0, 0]) == 2


@pytest.mark.parametrize(
    ("train", "test"),
    [([0, -1, 1], [0, 1]), ([0.0, 1.0, 2.0], [0, 1]), ([[0, 1], [1, 0]], [[0, 1]])],
)
def test_targets_that_are_no_class_ids_have_no_classes(train, test):
    assert count(train, test) == 0


def test_keyed_targets_have_no_classes():
    targets = {"y_train": {"a": np.zeros(3, int)}, "y_test": {"a": np.zeros(2, int)}}
    assert count_classes({"x_train": np.zeros(3), "x_test": np.zeros(2)} | targets) == 0
