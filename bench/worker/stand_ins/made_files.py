"""Small random files of the form of Keras's own datasets, by the names that Keras downloads.

Keras's `load_data` reads them, so that its arguments act as ever. Seeded: equal on every backend.
"""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from bench.worker.stand_ins.source import Maker

TRAIN, TEST = 100, 50
_WORDS = 30_000


def dataset_makers() -> dict[str, Maker]:
    """Return what writes each file that `keras.datasets` and `keras.applications` download."""
    return {
        **fashion_makers(TRAIN, TEST),
        "mnist.npz": mnist_maker(TRAIN, TEST),
        "cifar-10-python.tar.gz": cifar10_maker(TRAIN, TEST),
        "cifar-100-python.tar.gz": cifar100_maker(TRAIN, TEST),
        "imdb.npz": imdb_maker(TRAIN, TEST),
        "reuters.npz": _write_reuters,
        "imdb_word_index.json": _write_word_index,
        "reuters_word_index.json": _write_word_index,
        "boston_housing.npz": lambda path: _write_table(path, 506, 13, (5.0, 50.0)),
        "california_housing.npz": lambda path: _write_table(path, 640, 8, (15e3, 500e3)),
        "imagenet_class_index.json": _write_imagenet_classes,
    }


def random_images(count: int, shape: tuple[int, ...], classes: int, seed: int) -> tuple[Any, Any]:
    """Return `count` uint8 images of blurred noise and their labels, each class in turn."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = rng.integers(0, 256, (count, *shape), dtype=np.uint8)
    # A bright row for each class: there is something to learn.
    images[np.arange(count), labels % shape[0]] = 255
    return images, labels.astype(np.uint8)


def mnist_maker(train: int, test: int) -> Maker:
    """Return what writes `mnist.npz` with these numbers of images."""

    def write(path: Path) -> None:
        x_train, y_train = random_images(train, (28, 28), 10, 1)
        x_test, y_test = random_images(test, (28, 28), 10, 2)
        np.savez(path, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)

    return write


def fashion_makers(train: int, test: int) -> dict[str, Maker]:
    """Return what writes each of Fashion-MNIST's four files with these numbers of images."""
    return {
        f"{part}-{kind}-ubyte.gz": _idx_maker(count, kind)
        for part, count in (("train", train), ("t10k", test))
        for kind in ("images-idx3", "labels-idx1")
    }


def _idx_maker(count: int, kind: str) -> Maker:
    def write(path: Path) -> None:
        images, labels = random_images(count, (28, 28), 10, count)
        if kind.startswith("images"):
            content = struct.pack(">IIII", 2051, count, 28, 28) + images.tobytes()
        else:
            content = struct.pack(">II", 2049, count) + labels.tobytes()
        path.write_bytes(gzip.compress(content, mtime=0))

    return write


def cifar10_maker(train: int, test: int) -> Maker:
    """Return what writes CIFAR-10's archive, the training images in five equal batches."""

    def write(path: Path) -> None:
        parts = {f"data_batch_{n}": train // 5 for n in range(1, 6)} | {"test_batch": test}
        batches = {}
        for seed, (name, count) in enumerate(parts.items()):
            images, labels = random_images(count, (3, 32, 32), 10, seed)
            batches[name] = {b"data": images.reshape(count, -1), b"labels": labels.tolist()}
        _write_batches(path, "cifar-10-batches-py", batches)

    return write


def cifar100_maker(train: int, test: int) -> Maker:
    """Return what writes CIFAR-100's archive, with fine and coarse labels."""

    def write(path: Path) -> None:
        batches = {}
        for name, count in (("train", train), ("test", test)):
            images, labels = random_images(count, (3, 32, 32), 100, count)
            batches[name] = {
                b"data": images.reshape(count, -1),
                b"fine_labels": labels.tolist(),
                b"coarse_labels": (labels // 5).tolist(),
            }
        _write_batches(path, "cifar-100-python", batches)

    return write


def _write_batches(path: Path, folder: str, batches: dict[str, dict[bytes, Any]]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, batch in batches.items():
            content = pickle.dumps(batch, protocol=4)
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


def _sequences(count: int, seed: int) -> Any:
    """Return an array of `count` lists of word ids, frequent words being the low ids."""
    rng = np.random.default_rng(seed)
    lists = np.empty(count, dtype=object)
    for index in range(count):
        ids = rng.zipf(1.3, int(rng.integers(20, 200)))
        lists[index] = np.minimum(ids, _WORDS).tolist()
    return lists


def imdb_maker(train: int, test: int) -> Maker:
    """Return what writes `imdb.npz` with these numbers of reviews."""

    def write(path: Path) -> None:
        _write_pickled(
            path,
            x_train=_sequences(train, 3),
            y_train=np.arange(train) % 2,
            x_test=_sequences(test, 4),
            y_test=np.arange(test) % 2,
        )

    return write


def _write_reuters(path: Path) -> None:
    _write_pickled(path, x=_sequences(TRAIN, 5), y=np.arange(TRAIN) % 46)


def _write_pickled(path: Path, **arrays: Any) -> None:
    """Write an .npz with arrays of lists."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(array))
            archive.writestr(f"{name}.npy", buffer.getvalue())


def _write_word_index(path: Path) -> None:
    path.write_text(json.dumps({f"word{rank}": rank for rank in range(1, _WORDS + 1)}))


def _write_table(path: Path, rows: int, columns: int, bounds: tuple[float, float]) -> None:
    rng = np.random.default_rng(rows)
    np.savez(path, x=rng.normal(size=(rows, columns)), y=rng.uniform(*bounds, rows))


def _write_imagenet_classes(path: Path) -> None:
    names = {str(n): [f"n{n:08}", f"class_{n}"] for n in range(1000)}
    path.write_text(json.dumps(names))
