"""ratings: made-up likes whose tastes can be learned."""

import numpy as np
import pytest

from data import ratings
from data.dataset import open_dataset
from data.prepare import prepare


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return open_dataset(prepare("ratings", cache_dir=tmp_path_factory.mktemp("cache")))


def test_pairs_of_a_user_and_an_item_have_an_answer_each(dataset):
    assert dataset.x_train.shape == (100_000, 2) and dataset.y_train.shape == (100_000,)
    assert dataset.x_test.shape == (10_000, 2) and dataset.y_test.shape == (10_000,)
    assert dataset.x_train.dtype == np.int32 and dataset.y_train.dtype == np.int64
    assert dataset.manifest.official and dataset.manifest.classes == 2


def test_users_and_items_are_within_their_ranges(dataset):
    for pairs in (dataset.x_train, dataset.x_test):
        assert pairs.min() >= 0
        assert pairs[:, 0].max() < ratings.USERS and pairs[:, 1].max() < ratings.ITEMS


def test_about_half_is_liked_and_the_rest_is_not(dataset):
    for answers in (dataset.y_train, dataset.y_test):
        assert set(np.unique(answers)) == {0, 1} and 0.4 < answers.mean() < 0.6


def test_small_numbers_come_more_often(dataset):
    for column in (0, 1):
        counts = np.bincount(dataset.x_train[:, column], minlength=100)
        assert counts[0] > counts[9] > counts[99] > 0


def test_the_answers_follow_the_pairs(dataset):
    pairs, counts = np.unique(np.array(dataset.x_train), axis=0, return_counts=True)
    often = pairs[np.argmax(counts)]
    answers = dataset.y_train[np.all(dataset.x_train == often, axis=1)]
    assert len(answers) > 500 and abs(answers.mean() - 0.5) > 0.2


def test_the_bytes_are_the_same_everywhere(dataset):
    assert (
        dataset.manifest.fingerprint
        == "b48e67f10ca684eb91ba8b7fa42d2abb6cd775b6f64132011d1e98f3e9cc5eed"
    )
