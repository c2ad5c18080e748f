"""The cifar10 dataset, from the official binary archive or from a local copy.

Format, from https://www.cs.toronto.edu/~kriz/cifar.html: six files of 10,000 rows of 3,073 bytes;
a row is one label byte, then 1,024 red, 1,024 green and 1,024 blue bytes, each row-major.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from data.archive import check_size, read_members, unreadable
from data.download import download_archive
from data.errors import LabelOutOfRangeError, MissingSourceError, WrongHashError
from data.keras_cache import keras_file, read_batches
from data.source import Arrays, Source

_Images = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]

_CLASSES: Final = 10
ARCHIVE_URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
ARCHIVE_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
ARCHIVE_SIZE_BYTES = 170_052_171
#: What Keras downloads: the same rows, as pickles.
CIFAR10_KERAS_NAME: Final = "cifar-10-batches-py-target_archive"
CIFAR10_KERAS_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
#: Not just "downloads": if the cache is a home folder, it must not be the user's Downloads.
DOWNLOAD_FOLDER: Final = "cifar10-download"
ARCHIVE_FILE: Final = "cifar-10-binary.tar.gz"
FOLDER: Final = "cifar-10-batches-bin"
TRAIN_FILES: Final = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST_FILE: Final = "test_batch.bin"
FILES: Final = (*TRAIN_FILES, TEST_FILE)
ROWS_PER_FILE = 10_000
ROW_BYTES: Final = 1 + 3 * 32 * 32


def cifar10_source(data_dir: Path | None, cache_dir: Path) -> Source:
    """Return the source of cifar10: `data_dir` if given, else Keras's download or ours.

    `data_dir` holds `cifar-10-batches-bin/`, never official because only the archive's hash is
    known, or else `cifar-10-binary.tar.gz`, which must be the official one. Raises
    MissingSourceError, TruncatedFileError, WrongSizeError or SourceUnreadableError.
    """
    if data_dir is None:
        return _source("cifar10", ARCHIVE_URL, True, lambda: _download(cache_dir))
    data_dir = data_dir.expanduser()
    folder, archive = data_dir / FOLDER, data_dir / ARCHIVE_FILE
    try:
        if folder.is_dir():
            key = _local_key({folder / name: _file_size_bytes() for name in FILES})
            return _source(key, f"local copy ({FOLDER})", False, lambda: _read_folder(folder))
        if archive.exists():
            key = _local_key({archive: ARCHIVE_SIZE_BYTES})
            description = f"{ARCHIVE_URL} (local copy, sha256 checked)"
            return _source(key, description, True, lambda: _read_local_archive(archive))
    except OSError as error:
        raise unreadable(data_dir, error) from error
    raise MissingSourceError(
        f"{data_dir} (from --data-dir or KERAS_BENCH_DATA) must be a folder that holds "
        f"{FOLDER}/ or {ARCHIVE_FILE}, and it holds neither."
    )


def decode(rows: bytes, place: str) -> tuple[_Images, Labels]:
    """Return the uint8 images (n, 32, 32, 3) and int64 labels (n,) of n rows of 3,073 bytes.

    `place` names the file in LabelOutOfRangeError, raised for a label above 9.
    """
    table = np.frombuffer(rows, np.uint8).reshape(-1, ROW_BYTES)
    labels = table[:, 0].astype(np.int64)
    wrong = np.flatnonzero(labels >= _CLASSES)
    if len(wrong):
        raise LabelOutOfRangeError(
            f"{place} has the label {labels[wrong[0]]} in row {wrong[0]}, "
            f"where 0 to {_CLASSES - 1} are allowed."
        )
    images = table[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return images, labels


def _source(key: str, description: str, official: bool, read: Callable[[], Arrays]) -> Source:
    return Source(
        name="cifar10",
        key=key,
        description=description,
        official=official,
        classes=_CLASSES,
        read=read,
    )


def _file_size_bytes() -> int:
    return ROWS_PER_FILE * ROW_BYTES


def _local_key(size_bytes_by_path: dict[Path, int]) -> str:
    """Return a key that changes with any file's path, size or time; checks the sizes."""
    facts = []
    for path, size_bytes in size_bytes_by_path.items():
        if not path.is_file():
            raise MissingSourceError(f"{path} is missing or not a regular file.")
        status = path.stat()
        check_size(str(path), status.st_size, size_bytes)
        facts.append(f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}")
    digest = hashlib.sha256("\n".join(facts).encode(errors="surrogateescape")).hexdigest()
    return f"cifar10-local-{digest[:12]}"


def _read_folder(folder: Path) -> Arrays:
    return _assemble((name, _read_file(folder / name)) for name in FILES)


def _read_file(path: Path) -> bytes:
    try:
        rows = path.read_bytes()
    except FileNotFoundError as error:
        raise MissingSourceError(f"{path} is missing.") from error
    except OSError as error:
        raise unreadable(path, error) from error
    check_size(str(path), len(rows), _file_size_bytes())
    return rows


def _download(cache_dir: Path) -> Arrays:
    keras_archive = keras_file(CIFAR10_KERAS_NAME, CIFAR10_KERAS_SHA256)
    if keras_archive:
        return _assemble(_unpickled(keras_archive))
    path = cache_dir / DOWNLOAD_FOLDER / ARCHIVE_FILE
    return _read_archive(download_archive(ARCHIVE_URL, ARCHIVE_SHA256, path))


def _read_local_archive(path: Path) -> Arrays:
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
    if sha256 != ARCHIVE_SHA256:
        raise WrongHashError(
            f"{path} has the sha256 {sha256}, where only {ARCHIVE_SHA256} of the official "
            f"archive is allowed; unpack it to {FOLDER}/ to use it as an unofficial copy."
        )
    return _read_archive(path)


def _read_archive(path: Path) -> Arrays:
    sizes = {f"{FOLDER}/{name}": _file_size_bytes() for name in FILES}
    return _assemble((Path(name).name, rows) for name, rows in read_members(path, sizes))


def _unpickled(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the rows of Keras's batches in the format of the official files."""
    members = {f"cifar-10-batches-py/{Path(name).stem}": name for name in FILES}
    for member, batch in read_batches(archive, tuple(members)):
        labels = np.array(batch[b"labels"], np.uint8)[:, np.newaxis]
        yield members[member], np.hstack([labels, batch[b"data"]]).tobytes()


def _assemble(files: Iterable[tuple[str, bytes]]) -> Arrays:
    """Return the four arrays from (file name, rows) pairs of all FILES in any order."""
    count = len(TRAIN_FILES) * ROWS_PER_FILE
    x_train, y_train = np.empty((count, 32, 32, 3), np.uint8), np.empty(count, np.int64)
    arrays: Arrays = {"x_train": x_train, "y_train": y_train}
    for name, rows in files:
        images, labels = decode(rows, name)
        if name == TEST_FILE:
            arrays |= {"x_test": np.ascontiguousarray(images), "y_test": labels}
        else:
            start = TRAIN_FILES.index(name) * ROWS_PER_FILE
            x_train[start : start + ROWS_PER_FILE] = images
            y_train[start : start + ROWS_PER_FILE] = labels
    return arrays
