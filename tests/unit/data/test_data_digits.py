"""digits: 1,797 images that need no network and are the same everywhere."""

import numpy as np
import pytest

from data import digits
from data.dataset import open_dataset
from data.errors import MissingSourceError, SourceUnreadableError
from data.prepare import prepare


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(prepare("digits", cache_dir=tmp_path_factory.mktemp("cache")))


def test_the_1797_images_are_split_four_to_one(dataset):
    assert dataset.x_train.shape == (1438, 32, 32, 3) and dataset.x_test.shape == (359, 32, 32, 3)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert dataset.manifest.official and dataset.manifest.classes == 10


def test_every_class_has_its_fifth_in_the_test_images(dataset):
    train, test = np.bincount(dataset.y_train), np.bincount(dataset.y_test)
    assert len(train) == len(test) == 10
    assert np.all(np.abs(test - 0.2 * (train + test)) <= 0.5)


def test_the_bytes_are_the_same_everywhere(dataset):
    assert (
        dataset.manifest.fingerprint
        == "de4d9710aed32b56fff711b9a64fb1dccfac9643fae5283227e15d468049042c"
    )


def test_values_reach_from_0_to_255_and_channels_are_equal(dataset):
    assert dataset.x_train.min() == 0 and dataset.x_train.max() == 255
    assert np.array_equal(dataset.x_train[..., 0], dataset.x_train[..., 2])


def test_scaling_repeats_each_pixel_4_by_4_and_rounds():
    images = np.zeros((1, 8, 8), np.uint8)
    images[0, 1, 2], images[0, 7, 7] = 16, 1
    scaled = digits.scale(images)
    assert np.all(scaled[0, 4:8, 8:12] == 255) and np.all(scaled[0, 28:, 28:] == 16)
    assert np.count_nonzero(scaled) == 2 * 16 * 3


def test_a_missing_or_damaged_npz_is_named(tmp_path, monkeypatch):
    path = tmp_path / "digits.npz"
    monkeypatch.setattr(digits, "_FILE", path)
    with pytest.raises(MissingSourceError, match=r"digits\.npz is missing"):
        prepare("digits", cache_dir=tmp_path)
    path.write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(SourceUnreadableError, match=r"digits\.npz is damaged"):
        prepare("digits", cache_dir=tmp_path)
