"""The targets that read binary files: archives, pickles, arrays, pictures, weights."""

import io
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bench.worker.matched_lane import WeightFileError, read_weights
from data.archive import read_members
from data.cifar10 import ROW_BYTES, decode
from data.dataset import open_dataset
from data.errors import DataError
from data.images import read_picture
from data.keras_cache import read_batches
from data.manifest import MANIFEST_VERSION, ArrayFacts, Manifest, write_manifest
from data.mnist import read_idx
from data.named_arrays import PART_NAMES, flatten
from data.npz import read_npz
from tests.fixtures.cifar10_files import archive_of
from tests.fixtures.data_places import idx_of, npz_of, python2_pickle
from tests.fuzz.inputs import documents, packed
from tests.fuzz.target import Target, file_in

_ARRAYS = {
    "x_train": np.zeros((4, 2), np.float32),
    "y_train": np.arange(4),
    "x_test": np.ones((2, 2), np.float32),
    "y_test": np.arange(2),
}
_ARCHIVE = archive_of({"in/a": b"first", "in/b": b"second", "../evil": b"never"})
_PICKLE = python2_pickle({b"data": np.zeros((2, 3), np.uint8), b"labels": [1, 2]})


def _npy_of(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _pictures() -> list[bytes]:
    from PIL import Image

    found = []
    for kind in ("PNG", "GIF", "BMP", "PPM", "JPEG", "WEBP"):
        stream = io.BytesIO()
        Image.new("RGB", (3, 2), (200, 10, 10)).save(stream, kind)
        found.append(stream.getvalue())
    return found


def _read_archive(content: bytes, folder: Path) -> None:
    path = file_in(folder, "some.tar.gz", content)
    list(read_members(path, {"in/a": 5, "in/b": None}))
    assert list(folder.iterdir()) == [path]


def _read_pickle(content: bytes, folder: Path) -> None:
    path = file_in(folder, "some.tar.gz", archive_of({"in/batch": content}))
    list(read_batches(path, ("in/batch",)))


def _read_idx(content: bytes, folder: Path) -> None:
    read_idx(file_in(folder, "some.gz", content)).tobytes()


def _read_npz(content: bytes, folder: Path) -> None:
    path = file_in(folder, "mine.npz", content)
    parts = read_npz(path, "npz:mine.npz")
    flat: dict[str, Any] = flatten(parts)
    np.savez(folder / "again.npz", **flat)


def _read_weights(content: bytes, folder: Path) -> None:
    for array in read_weights(file_in(folder, "weights.npz", content)):
        array.tobytes()


def _read_npy(content: bytes, folder: Path) -> None:
    """Open a prepared folder in which every array is this file."""
    files = [file_in(folder, f"{name}.npy", content) for name in PART_NAMES]
    facts = {
        path.stem: ArrayFacts(
            file=path.name,
            shape=(4, 2),
            dtype="uint8",
            sha256="0" * 64,
            size_bytes=path.stat().st_size,
            mtime_ns=path.stat().st_mtime_ns,
        )
        for path in files
    }
    known = (MANIFEST_VERSION, "digits", "embedded", True, 10, "f" * 64)
    write_manifest(Manifest(*known, arrays=facts), folder)
    dataset = open_dataset(folder)
    assert np.asarray(dataset.x_train).shape == (4, 2)


def _read_rows(content: bytes, folder: Path) -> None:
    whole = content[: len(content) // ROW_BYTES * ROW_BYTES]
    images, labels = decode(whole, "data_batch_1.bin")
    assert len(images) == len(labels) and (labels < 10).all()


def _read_picture(content: bytes, folder: Path) -> None:
    path = file_in(folder, "some.png", content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow, which warns of what it then reads
        assert read_picture(path, (4, 4)).shape == (4, 4, 3)


_OBJECTS = [_npy_of(np.array([{}, 1], object)), _npy_of(np.zeros((4, 2), np.uint8))]
FILE_TARGETS = [
    Target("archive", documents(_ARCHIVE), _read_archive, (DataError,)),
    Target(
        "pickle",
        documents(_PICKLE, *(pickle.dumps({b"a": [1, "x", 2.5]}, p) for p in range(6))),
        _read_pickle,
        (DataError,),
    ),
    Target("idx", documents(idx_of(np.zeros((2, 3, 3), np.uint8))), _read_idx, (DataError,)),
    Target(
        "idx-content",
        packed(
            lambda content: __import__("gzip").compress(content, 1),
            documents(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(6)),
        ),
        _read_idx,
        (DataError,),
    ),
    Target(
        "npz",
        documents(npz_of(**_ARRAYS), npz_of(x=np.zeros((9, 2)), y=np.zeros(9)), *_OBJECTS),
        _read_npz,
        (DataError,),
    ),
    Target("npy", documents(*_OBJECTS), _read_npy, (DataError,)),
    Target(
        "weights",
        documents(npz_of(arr_0=np.zeros((2, 2)), arr_1=np.zeros(2)), *_OBJECTS),
        _read_weights,
        (WeightFileError,),
    ),
    Target(
        "cifar-rows",
        st.builds(
            lambda row, edit: (bytes(row) + bytes(ROW_BYTES))[:ROW_BYTES] + edit,
            st.binary(max_size=8),
            st.binary(max_size=20),
        ),
        _read_rows,
        (DataError,),
    ),
    Target("picture", documents(*_pictures()), _read_picture, (DataError,)),
]
