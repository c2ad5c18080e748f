"""The datasets mnist and fashion_mnist: 70,000 grey images of 28x28 in ten classes each.

mnist is the archive that Keras downloads. fashion_mnist is four files in the IDX format, as
http://yann.lecun.com/exdb/mnist/ described it: two zero bytes, a type, the number of axes, each
axis as four bytes, most significant first, then the values.
"""

import gzip
import math
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from data.archive import MOST_BYTES
from data.arrays import ArchiveDamagedError, load_arrays
from data.errors import LabelOutOfRangeError, SourceUnreadableError, WrongSizeError
from data.named_arrays import PART_NAMES
from data.official import Official, obtain
from data.source import Arrays, Source

_CLASSES: Final = 10
_HOST: Final = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
MNIST = Official(
    url=f"{_HOST}/mnist.npz",
    sha256="731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    file="mnist.npz",
    keras_name="mnist.npz",
)
#: Each file, its sha256 and that of its content.
_FASHION: Final = {
    "x_train": (
        "train-images-idx3-ubyte.gz",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    "y_train": (
        "train-labels-idx1-ubyte.gz",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
    "x_test": (
        "t10k-images-idx3-ubyte.gz",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte.gz",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}
FASHION = {
    part: Official(
        url=f"{_HOST}/{file}",
        sha256=sha256,
        content_sha256=content_sha256,
        file=file,
        keras_name=f"fashion-mnist/{file}",
        package_path=f"/usr/share/datasets/fashion-mnist/{file}",
    )
    for part, (file, sha256, content_sha256) in _FASHION.items()
}
_UNSIGNED_BYTE: Final = 8


def mnist_source(data_dir: Path | None, cache_dir: Path) -> Source:
    """Return the source of mnist, verified wherever it is."""

    def read() -> Arrays:
        path = obtain(MNIST, data_dir, cache_dir / "mnist-download")
        return _arranged(_read_npz(path), dict.fromkeys(PART_NAMES, path))

    return _source("mnist", MNIST.url, read)


def fashion_mnist_source(data_dir: Path | None, cache_dir: Path) -> Source:
    """Return the source of fashion_mnist, verified wherever it is."""

    def read() -> Arrays:
        folder = cache_dir / "fashion-mnist-download"
        paths = {part: obtain(file, data_dir, folder) for part, file in FASHION.items()}
        return _arranged({part: read_idx(path) for part, path in paths.items()}, paths)

    return _source("fashion_mnist", _HOST, read)


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Return the bytes of a gzipped IDX file in its own shape; raises SourceUnreadableError."""
    try:
        with gzip.open(path) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise SourceUnreadableError(f"{path} cannot be read ({error}).") from error
    if len(content) > MOST_BYTES:
        raise WrongSizeError(
            f"{path} unpacks to more than the {MOST_BYTES:,} bytes that are allowed."
        )
    axes = content[3] if len(content) >= 4 and content[:3] == bytes([0, 0, _UNSIGNED_BYTE]) else 0
    begin = 4 + 4 * axes
    lengths = content[4:begin]
    shape = tuple(int.from_bytes(lengths[i : i + 4]) for i in range(0, len(lengths), 4))
    if not shape or math.prod(shape) != len(content) - begin:
        raise SourceUnreadableError(f"{path} is not a complete IDX file of bytes.")
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)


def _read_npz(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        arrays = load_arrays(path)
        return {name: arrays[name] for name in PART_NAMES}
    except (OSError, ArchiveDamagedError, KeyError) as error:
        raise SourceUnreadableError(f"{path} cannot be read ({error}).") from error


def _arranged(raw: dict[str, npt.NDArray[Any]], paths: dict[str, Path]) -> Arrays:
    """Return the images with an axis for their one channel, and the labels as int64."""
    for part in ("y_train", "y_test"):
        if raw[part].max() >= _CLASSES:
            raise LabelOutOfRangeError(
                f"{paths[part]} has the label {raw[part].max()}, where 0 to {_CLASSES - 1} are "
                "allowed."
            )
    arrays: Arrays = {part: raw[part][..., np.newaxis] for part in ("x_train", "x_test")}
    return arrays | {part: raw[part].astype(np.int64) for part in ("y_train", "y_test")}


def _source(name: str, url: str, read: Callable[[], Arrays]) -> Source:
    return Source(
        name=name,
        key=f"{name.replace('_', '-')}-official",
        description=url,
        official=True,
        classes=_CLASSES,
        read=read,
    )
