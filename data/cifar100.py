"""The dataset cifar100: 60,000 colour photos of 32x32 in a hundred classes, the "fine" ones.

Format, from https://www.cs.toronto.edu/~kriz/cifar.html: rows of 3,074 bytes; a row is a coarse
label, a fine label, then the pixels as in cifar10. Keras's download holds the same rows as pickles.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from data.archive import read_members
from data.errors import LabelOutOfRangeError
from data.keras_cache import keras_file, read_batches
from data.official import Official, obtain
from data.source import Arrays, Source

_CLASSES: Final = 100
ARCHIVE = Official(
    url="https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    sha256="58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    file="cifar-100-binary.tar.gz",
)
CIFAR100_KERAS_NAME: Final = "cifar-100-python-target_archive"
CIFAR100_KERAS_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"
ROWS = {"train": 50_000, "test": 10_000}
_PIXELS: Final = 3 * 32 * 32
_ROW_BYTES: Final = 2 + _PIXELS


def cifar100_source(data_dir: Path | None, cache_dir: Path) -> Source:
    """Return the source of cifar100: the official archive, wherever it is, or that of Keras."""
    return Source(
        name="cifar100",
        key="cifar100-official",
        description=ARCHIVE.url,
        official=True,
        classes=_CLASSES,
        read=lambda: _read(data_dir, cache_dir),
    )


def _read(data_dir: Path | None, cache_dir: Path) -> Arrays:
    keras_archive = keras_file(CIFAR100_KERAS_NAME, CIFAR100_KERAS_SHA256)
    batches = (
        _pickled(keras_archive)
        if keras_archive
        else _binary(obtain(ARCHIVE, data_dir, cache_dir / "cifar100-download"))
    )
    arrays: Arrays = {}
    for part, pixels, labels in batches:
        if labels.max() >= _CLASSES:
            raise LabelOutOfRangeError(
                f"cifar100's {part} images have the label {labels.max()}, where 0 to "
                f"{_CLASSES - 1} are allowed."
            )
        images = pixels.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        arrays |= {f"x_{part}": np.ascontiguousarray(images), f"y_{part}": labels.astype(np.int64)}
    return arrays


_Part = tuple[
    str,
    "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
    "np.ndarray[tuple[int, ...], np.dtype[np.int64]]",
]


def _binary(archive: Path) -> Iterator[_Part]:
    sizes = {f"cifar-100-binary/{part}.bin": rows * _ROW_BYTES for part, rows in ROWS.items()}
    for name, content in read_members(archive, sizes):
        table = np.frombuffer(content, np.uint8).reshape(-1, _ROW_BYTES)
        yield Path(name).stem, table[:, 2:], table[:, 1].astype(np.int64)


def _pickled(archive: Path) -> Iterator[_Part]:
    for name, batch in read_batches(archive, tuple(f"cifar-100-python/{part}" for part in ROWS)):
        yield Path(name).name, batch[b"data"], np.array(batch[b"fine_labels"])
