"""cifar10 from what Keras itself has downloaded: the same arrays as from the official rows."""

import numpy as np
import pytest

from data import cifar10
from data.dataset import open_dataset
from data.errors import (
    DownloadFailedError,
    LabelOutOfRangeError,
    MissingSourceError,
    SourceUnreadableError,
)
from data.prepare import prepare
from tests.fixtures.cifar10_files import (
    GOOD_MEMBERS,
    archive_of,
    assert_is_ours,
    believe_official,
    rows_of,
    use_small_files,
)
from tests.fixtures.data_places import python2_pickle, sha256_of, use_own_keras_home


def batch_of(name, **changed):
    table = np.frombuffer(rows_of(name), np.uint8).reshape(-1, cifar10.ROW_BYTES)
    batch = {b"data": table[:, 1:].copy(), b"labels": table[:, 0].tolist(), b"filenames": [b"a"]}
    return python2_pickle(batch | {key.encode(): value for key, value in changed.items()})


def members(**changed):
    """Return Keras's members, not in the order of FILES, with some contents changed."""
    batches = {name.removesuffix(".bin"): batch_of(name) for name in reversed(cifar10.FILES)}
    return {f"cifar-10-batches-py/{name}": c for name, c in (batches | changed).items()}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Where Keras keeps the archive; our own download is never answered."""
    use_small_files(monkeypatch)
    monkeypatch.setattr(cifar10, "ARCHIVE_URL", "http://127.0.0.1:1/cifar-10-binary.tar.gz")
    return (
        use_own_keras_home(monkeypatch, tmp_path / "keras") / "cifar-10-batches-py-target_archive"
    )


def put(monkeypatch, kept, content):
    kept.write_bytes(content)
    monkeypatch.setattr(cifar10, "CIFAR10_KERAS_SHA256", sha256_of(content))


def test_its_arrays_are_those_of_the_official_rows(tmp_path, monkeypatch, kept):
    put(monkeypatch, kept, archive_of(members()))
    dataset = open_dataset(prepare("cifar10", cache_dir=tmp_path / "cache"))
    assert_is_ours(dataset)
    assert dataset.manifest.official is True and dataset.manifest.classes == 10


def test_it_has_the_fingerprint_of_the_official_archive(tmp_path, monkeypatch, kept):
    put(monkeypatch, kept, archive_of(members()))
    official = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, official)
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(official)
    manifests = [
        open_dataset(prepare("cifar10", data_dir=place, cache_dir=tmp_path / "cache")).manifest
        for place in (None, tmp_path)
    ]
    assert manifests[0].fingerprint == manifests[1].fingerprint


def test_an_archive_with_another_hash_is_not_used(tmp_path, kept):
    kept.write_bytes(archive_of(members()))
    with pytest.raises(DownloadFailedError, match=r"http://127\.0\.0\.1:1/"):
        prepare("cifar10", cache_dir=tmp_path / "cache")


def test_a_folder_that_is_asked_for_comes_first(tmp_path, monkeypatch, kept):
    put(monkeypatch, kept, archive_of(members()))
    with pytest.raises(MissingSourceError, match="it holds neither"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")


def test_a_label_above_9_is_named(tmp_path, monkeypatch, kept):
    wrong = batch_of("test_batch.bin", labels=[0] * 19 + [10])
    put(monkeypatch, kept, archive_of(members(test_batch=wrong)))
    with pytest.raises(LabelOutOfRangeError, match=r"test_batch\.bin has the label 10 in row 19"):
        prepare("cifar10", cache_dir=tmp_path / "cache")


def test_a_damaged_pickle_is_named(tmp_path, monkeypatch, kept):
    put(monkeypatch, kept, archive_of(members(data_batch_3=b"no pickle")))
    sentence = "target_archive:cifar-10-batches-py/data_batch_3 cannot be read"
    with pytest.raises(SourceUnreadableError, match=sentence):
        prepare("cifar10", cache_dir=tmp_path / "cache")


def test_the_constants_are_those_of_keras():
    assert cifar10.CIFAR10_KERAS_NAME == "cifar-10-batches-py-target_archive"
    assert len(cifar10.CIFAR10_KERAS_SHA256) == 64
