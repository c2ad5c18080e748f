"""synthetic: seeded arrays whose class can be learned, of any shape and size."""

import numpy as np
import pytest

from data.dataset import open_dataset
from data.errors import BadOptionError
from data.named_arrays import Array
from data.prepare import prepare
from data.synthetic import SyntheticSpec, generate_synthetic, parse_options
from tests.fixtures.present import one_array

SMALL = SyntheticSpec(shape=(8, 8, 1), classes=4, train=200, test=80)


def test_options_are_any_subset_in_any_order():
    spec = parse_options("seed=3, shape=28x28x1")
    assert spec == SyntheticSpec(shape=(28, 28, 1), seed=3)
    assert parse_options(spec.name.partition(":")[2]) == spec


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "no option ''.* allowed ones are shape, classes, train, test, seed"),
        ("size=3", "no option 'size'"),
        ("seed=1,seed=2", "'seed' is given twice"),
        ("seed=-1", "seed is '-1'.* from 0 to 4294967295"),
        ("classes=1", "classes is '1'.* from 2 to"),
        ("train=0", "train is '0'"),
        ("train=1e3", "train is '1e3'"),
        ("test", "test is ''"),
        (f"test={'9' * 5000}", "test is '9999"),
        ("shape=32x", "shape is ''"),
        ("shape=0x3", "shape is '0'"),
        ("shape=1x1x1x1x1", "5 axes, where 1 to 4"),
        ("train=100000000", "GiB, where at most 4 GiB"),
    ],
)
def test_a_bad_option_is_named_with_what_is_allowed(options, message):
    with pytest.raises(BadOptionError, match=message):
        parse_options(options)


def generate(spec: SyntheticSpec) -> dict[str, Array]:
    """Return the generated arrays, none of which has several inputs."""
    return {name: one_array(part) for name, part in generate_synthetic(spec).items()}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first, again = generate(SMALL), generate(SMALL)
    other = generate(SyntheticSpec((8, 8, 1), 4, 200, 80, seed=1))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["x_train"], other["x_train"])


def test_the_bytes_of_the_default_are_the_same_everywhere(tmp_path):
    manifest = open_dataset(prepare("synthetic", cache_dir=tmp_path)).manifest
    assert (
        manifest.fingerprint == "42f9ffecedd163df2037c41a0f706fcab73a9af3a09fa40cda9929f11ed4050c"
    )
    assert manifest.official and manifest.source == f"generated: {SyntheticSpec().name}"


@pytest.mark.parametrize("shape", [(5,), (28, 28), (7, 9, 2), (2, 3, 4, 5)])
def test_any_shape_of_one_to_four_axes_is_made(shape):
    arrays = generate(SyntheticSpec(shape, classes=3, train=7, test=2))
    assert arrays["x_train"].shape == (7, *shape) and arrays["x_train"].dtype == np.uint8
    assert arrays["y_test"].shape == (2,) and arrays["y_test"].dtype == np.int64


def test_classes_are_balanced_and_within_range():
    counts = np.bincount(generate(SMALL)["y_train"])
    assert list(counts) == [50, 50, 50, 50]


def test_the_class_can_be_learned_from_the_train_images():
    arrays = generate(SMALL)
    train, test = (arrays[name].reshape(-1, 64).astype(float) for name in ("x_train", "x_test"))
    means = np.stack([train[arrays["y_train"] == label].mean(axis=0) for label in range(4)])
    nearest = np.argmin(((test[:, None] - means) ** 2).sum(axis=2), axis=1)
    assert np.mean(nearest == arrays["y_test"]) > 0.95
