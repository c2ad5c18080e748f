"""cifar100 from the official binary archive and from Keras's pickles, in small."""

from dataclasses import replace

import numpy as np
import pytest

from data import cifar100
from data.dataset import open_dataset
from data.errors import (
    LabelOutOfRangeError,
    MissingSourceError,
    SourceUnreadableError,
    TruncatedFileError,
)
from data.prepare import prepare
from tests.fixtures.cifar10_files import archive_of, files_under
from tests.fixtures.data_places import python2_pickle, served, sha256_of, use_own_keras_home

ROWS = {"train": 8, "test": 3}


def table_of(part):
    """Return rows of a coarse label, a fine label and 3,072 pixels."""
    table = np.random.RandomState(ROWS[part]).randint(0, 256, (ROWS[part], 3074), np.uint8)
    table[:, 0], table[:, 1] = 7, 99 - np.arange(ROWS[part])
    return table


BINARY = {f"cifar-100-binary/{part}.bin": table_of(part).tobytes() for part in ROWS}


def pickles():
    return {
        f"cifar-100-python/{part}": python2_pickle(
            {
                b"data": table_of(part)[:, 2:].copy(),
                b"fine_labels": table_of(part)[:, 1].tolist(),
                b"coarse_labels": table_of(part)[:, 0].tolist(),
            }
        )
        for part in ROWS
    }


@pytest.fixture(autouse=True)
def datasets(tmp_path, monkeypatch):
    """The folder datasets of Keras's home."""
    monkeypatch.setattr(cifar100, "ROWS", ROWS)
    return use_own_keras_home(monkeypatch, tmp_path / "keras")


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


def put_binary(monkeypatch, folder, members):
    content = archive_of(members)
    (folder / cifar100.ARCHIVE.file).write_bytes(content)
    believed = replace(cifar100.ARCHIVE, sha256=sha256_of(content), url="http://127.0.0.1:1/a")
    monkeypatch.setattr(cifar100, "ARCHIVE", believed)


def put_pickles(monkeypatch, datasets, members):
    content = archive_of(members)
    (datasets / cifar100.CIFAR100_KERAS_NAME).write_bytes(content)
    monkeypatch.setattr(cifar100, "CIFAR100_KERAS_SHA256", sha256_of(content))


def assert_is_ours(dataset):
    assert dataset.x_train.shape == (8, 32, 32, 3) and dataset.x_test.shape == (3, 32, 32, 3)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_test.dtype == np.int64
    assert list(dataset.y_train) == list(range(99, 91, -1)) and list(dataset.y_test) == [99, 98, 97]
    row, column, green = 7, 11, 1
    pixel = table_of("train")[4, 2 + green * 1024 + row * 32 + column]
    assert dataset.x_train[4, row, column, green] == pixel
    assert dataset.manifest.official is True and dataset.manifest.classes == 100


def test_the_binary_archive_gives_the_fine_labels(tmp_path, monkeypatch, data_dir):
    put_binary(monkeypatch, data_dir, {"cifar-100-binary/fine_label_names.txt": b"apple"} | BINARY)
    folder = prepare("cifar100", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert_is_ours(open_dataset(folder))
    assert files_under(data_dir) == [data_dir / cifar100.ARCHIVE.file]


def test_keras_pickles_give_the_same_bytes(tmp_path, monkeypatch, data_dir, datasets):
    put_binary(monkeypatch, data_dir, BINARY)
    binary = open_dataset(prepare("cifar100", data_dir=data_dir, cache_dir=tmp_path / "1"))
    put_pickles(monkeypatch, datasets, pickles())
    (data_dir / cifar100.ARCHIVE.file).unlink()
    pickled = open_dataset(prepare("cifar100", cache_dir=tmp_path / "2"))
    assert_is_ours(pickled)
    assert pickled.manifest.fingerprint == binary.manifest.fingerprint
    assert pickled.manifest.source == binary.manifest.source


def test_it_is_downloaded_where_no_file_is_right(tmp_path, monkeypatch, data_dir, datasets):
    content = archive_of(BINARY)
    (data_dir / cifar100.ARCHIVE.file).write_bytes(b"another file")
    (datasets / cifar100.CIFAR100_KERAS_NAME).write_bytes(archive_of(pickles()))
    with served({"a.tar.gz": content}) as (address, asked):
        there = replace(cifar100.ARCHIVE, sha256=sha256_of(content), url=f"{address}/a.tar.gz")
        monkeypatch.setattr(cifar100, "ARCHIVE", there)
        folder = prepare("cifar100", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert_is_ours(open_dataset(folder))
    assert asked == ["a.tar.gz"]


@pytest.mark.parametrize("part", list(ROWS))
def test_a_label_above_99_is_named_with_what_is_allowed(tmp_path, monkeypatch, data_dir, part):
    table = table_of(part)
    table[2, 1] = 100
    put_binary(monkeypatch, data_dir, BINARY | {f"cifar-100-binary/{part}.bin": table.tobytes()})
    sentence = f"cifar100's {part} images have the label 100, where 0 to 99 are allowed"
    with pytest.raises(LabelOutOfRangeError, match=sentence):
        prepare("cifar100", data_dir=data_dir, cache_dir=tmp_path / "cache")


def test_an_archive_that_lacks_or_cuts_a_member_is_named(tmp_path, monkeypatch, data_dir):
    train = "cifar-100-binary/train.bin"
    for members, error in (
        ({train: BINARY[train]}, MissingSourceError),
        (BINARY | {train: BINARY[train][:-1]}, TruncatedFileError),
    ):
        put_binary(monkeypatch, data_dir, members)
        with pytest.raises(error, match=r"cifar-100-binary\.tar\.gz.*cifar-100-binary/"):
            prepare("cifar100", data_dir=data_dir, cache_dir=tmp_path / "cache")


def test_a_damaged_pickle_is_named(tmp_path, monkeypatch, datasets):
    put_pickles(monkeypatch, datasets, pickles() | {"cifar-100-python/test": b"no pickle"})
    sentence = r"target_archive:cifar-100-python/test cannot be read"
    with pytest.raises(SourceUnreadableError, match=sentence):
        prepare("cifar100", cache_dir=tmp_path / "cache")


def test_the_official_constants_are_those_of_the_datasets_home_page_and_of_keras():
    assert cifar100.ARCHIVE.url == "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz"
    assert cifar100.CIFAR100_KERAS_NAME == "cifar-100-python-target_archive"
    assert len(cifar100.ARCHIVE.sha256) == len(cifar100.CIFAR100_KERAS_SHA256) == 64
