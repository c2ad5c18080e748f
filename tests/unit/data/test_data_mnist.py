"""mnist from one archive and fashion_mnist from four gzipped IDX files, in small."""

import gzip
from dataclasses import replace

import numpy as np
import pytest

from data import mnist
from data.dataset import open_dataset
from data.errors import LabelOutOfRangeError, SourceUnreadableError, WrongSizeError
from data.named_arrays import PART_NAMES
from data.prepare import prepare
from tests.fixtures.data_places import (
    idx_of,
    npz_of,
    served,
    sha256_of,
    use_own_keras_home,
)

RANDOM = np.random.RandomState(0)
ARRAYS = {
    "x_train": RANDOM.randint(0, 256, (12, 28, 28), np.uint8),
    "y_train": np.arange(12, dtype=np.uint8) % 10,
    "x_test": RANDOM.randint(0, 256, (5, 28, 28), np.uint8),
    "y_test": np.arange(5, dtype=np.uint8),
}
FASHION_FILES = {part: official.file for part, official in mnist.FASHION.items()}


@pytest.fixture(autouse=True)
def datasets(tmp_path, monkeypatch):
    """The folder datasets of Keras's home."""
    return use_own_keras_home(monkeypatch, tmp_path / "keras")


@pytest.fixture
def data_dir(tmp_path):
    folder = tmp_path / "user"
    folder.mkdir()
    return folder


def put_mnist(monkeypatch, path, content):
    """Write the archive and believe that it is the official one; no server answers."""
    path.write_bytes(content)
    official = replace(mnist.MNIST, sha256=sha256_of(content), url="http://127.0.0.1:1/mnist.npz")
    monkeypatch.setattr(mnist, "MNIST", official)


def put_fashion(monkeypatch, folder, **contents):
    """The same for the four files, those of ARRAYS unless `contents` has another."""
    officials = {}
    for part, official in mnist.FASHION.items():
        content = contents.get(part, idx_of(ARRAYS[part]))
        (folder / FASHION_FILES[part]).write_bytes(content)
        url = f"http://127.0.0.1:1/{official.file}"
        facts = {"sha256": sha256_of(content), "content_sha256": "", "package_path": ""}
        officials[part] = replace(official, url=url, **facts)
    monkeypatch.setattr(mnist, "FASHION", officials)


def assert_is_ours(dataset, name):
    assert dataset.x_train.shape == (12, 28, 28, 1) and dataset.x_test.shape == (5, 28, 28, 1)
    assert dataset.x_train.dtype == np.uint8 and dataset.y_train.dtype == np.int64
    assert np.array_equal(dataset.x_test[..., 0], ARRAYS["x_test"])
    assert np.array_equal(dataset.y_train, ARRAYS["y_train"])
    assert dataset.manifest.name == name and dataset.manifest.classes == 10
    assert dataset.manifest.official is True


def test_mnist_is_read_from_its_archive(tmp_path, monkeypatch, data_dir):
    put_mnist(monkeypatch, data_dir / "mnist.npz", npz_of(**ARRAYS))
    dataset = open_dataset(prepare("mnist", data_dir=data_dir, cache_dir=tmp_path / "cache"))
    assert_is_ours(dataset, "mnist")


def test_what_keras_has_downloaded_is_not_downloaded_again(tmp_path, monkeypatch, datasets):
    put_mnist(monkeypatch, datasets / "mnist.npz", npz_of(**ARRAYS))
    (datasets / "fashion-mnist").mkdir()
    put_fashion(monkeypatch, datasets / "fashion-mnist")
    for name in ("mnist", "fashion_mnist"):
        assert_is_ours(open_dataset(prepare(name, cache_dir=tmp_path / "cache")), name)


def test_mnist_is_downloaded_where_no_file_is_right(tmp_path, monkeypatch, data_dir, datasets):
    content = npz_of(**ARRAYS)
    for folder in (data_dir, datasets):
        (folder / "mnist.npz").write_bytes(b"another file")
    with served({"mnist.npz": content}) as (address, asked):
        there = replace(mnist.MNIST, sha256=sha256_of(content), url=f"{address}/mnist.npz")
        monkeypatch.setattr(mnist, "MNIST", there)
        folder = prepare("mnist", data_dir=data_dir, cache_dir=tmp_path / "cache")
        assert_is_ours(open_dataset(folder), "mnist")
    assert asked == ["mnist.npz"]
    assert (tmp_path / "cache" / "mnist-download" / "mnist.npz").read_bytes() == content


def test_the_four_files_of_fashion_mnist_are_downloaded_once_each(tmp_path, monkeypatch):
    files = {FASHION_FILES[part]: idx_of(array) for part, array in ARRAYS.items()}
    with served(files) as (address, asked):
        there = {
            part: replace(
                o, sha256=sha256_of(files[o.file]), url=f"{address}/{o.file}", package_path=""
            )
            for part, o in mnist.FASHION.items()
        }
        monkeypatch.setattr(mnist, "FASHION", there)
        folder = prepare("fashion_mnist", cache_dir=tmp_path / "cache")
        assert_is_ours(open_dataset(folder), "fashion_mnist")
        (folder / "manifest.json").unlink()  # prepared anew from the files that are kept
        assert prepare("fashion_mnist", cache_dir=tmp_path / "cache") == folder
    assert sorted(asked) == sorted(files)


def test_fashion_mnist_is_read_from_gzipped_idx_files(tmp_path, monkeypatch, data_dir):
    put_fashion(monkeypatch, data_dir)
    folder = prepare("fashion_mnist", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert_is_ours(open_dataset(folder), "fashion_mnist")


def test_an_archive_that_is_damaged_or_lacks_an_array_is_named(tmp_path, monkeypatch, data_dir):
    lacking = npz_of(**{name: ARRAYS[name] for name in PART_NAMES[:3]})
    for content in (b"no archive", npz_of(**ARRAYS)[:900], lacking):
        put_mnist(monkeypatch, data_dir / "mnist.npz", content)
        with pytest.raises(SourceUnreadableError, match=r"user/mnist\.npz cannot be read"):
            prepare("mnist", data_dir=data_dir, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("part", ["y_train", "y_test"])
def test_a_label_above_9_is_named_with_its_file(tmp_path, monkeypatch, data_dir, part):
    wrong = ARRAYS | {part: ARRAYS[part] + 200}
    put_mnist(monkeypatch, data_dir / "mnist.npz", npz_of(**wrong))
    put_fashion(monkeypatch, data_dir, **{part: idx_of(wrong[part])})
    most = wrong[part].max()
    for name, file in (("mnist", r"/mnist\.npz"), ("fashion_mnist", f"/{FASHION_FILES[part]}")):
        sentence = f"{file} has the label {most}, where 0 to 9 are allowed"
        with pytest.raises(LabelOutOfRangeError, match=sentence):
            prepare(name, data_dir=data_dir, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("shape", [(3,), (2, 5), (2, 3, 4), (0, 28, 28)])
def test_an_idx_file_has_the_shape_that_it_names(tmp_path, shape):
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    (tmp_path / "file.gz").write_bytes(idx_of(array))
    assert np.array_equal(mnist.read_idx(tmp_path / "file.gz"), array)


GOOD = gzip.decompress(idx_of(ARRAYS["x_test"]))
DAMAGED_IDX = {
    "empty": b"",
    "no axes": bytes([0, 0, 8, 0]),
    "no values": GOOD[:16],
    "half a length": GOOD[:10],
    "a byte less": GOOD[:-1],
    "a byte more": GOOD + b"\0",
    "another first byte": b"\1" + GOOD[1:],
    "floats": GOOD[:2] + b"\x0d" + GOOD[3:],
    "more axes than bytes": GOOD[:3] + b"\xff" + GOOD[4:60],
}


@pytest.mark.parametrize("kind", DAMAGED_IDX)
def test_a_damaged_idx_file_is_named(tmp_path, kind):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(DAMAGED_IDX[kind]))
    with pytest.raises(SourceUnreadableError, match=rf"{path} is not a complete IDX file of bytes"):
        mnist.read_idx(path)


WHOLE = idx_of(ARRAYS["x_test"])


@pytest.mark.parametrize(
    "content",
    [b"<html>", WHOLE[:-20], WHOLE[:40] + b"\xff" * 40 + WHOLE[80:], WHOLE[:-6] + b"oops!!"],
)
def test_a_damaged_gzip_file_is_named(tmp_path, content):
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadableError, match=f"{path} cannot be read"):
        mnist.read_idx(path)


def test_an_idx_file_that_unpacks_to_more_than_it_may_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(mnist, "MOST_BYTES", 2**16)
    path = tmp_path / "bomb.gz"
    path.write_bytes(idx_of(np.zeros((2**10, 2**10), np.uint8)))
    with pytest.raises(WrongSizeError, match=r"bomb\.gz unpacks to more than the 65,536 bytes"):
        mnist.read_idx(path)


def test_the_official_constants_are_those_of_keras_and_debian():
    host = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
    assert mnist.MNIST.url == f"{host}/mnist.npz" and mnist.MNIST.keras_name == "mnist.npz"
    assert list(mnist.FASHION) == [*PART_NAMES]
    for official in (mnist.MNIST, *mnist.FASHION.values()):
        assert len(official.sha256) == 64 and official.url == f"{host}/{official.file}"
    test = mnist.FASHION["x_test"]
    assert test.keras_name == "fashion-mnist/t10k-images-idx3-ubyte.gz"
    assert test.package_path == "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
