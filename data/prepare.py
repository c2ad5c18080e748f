"""Prepare a dataset by name: a folder that `open_dataset` opens in milliseconds."""

import os
from pathlib import Path
from typing import Final

from filelock import FileLock

from data.child import RunChild, refuse_child
from data.cifar10 import cifar10_source
from data.cifar100 import cifar100_source
from data.dataset import open_dataset
from data.digits import digits_source
from data.errors import ManifestUnreadableError, OtherManifestVersionError, PreparedChangedError
from data.function import function_source
from data.images import images_source
from data.manifest import MANIFEST_VERSION
from data.mnist import fashion_mnist_source, mnist_source
from data.npz import npz_source
from data.prepared_folder import write_folder, writing_to
from data.ratings import ratings_source
from data.registry import parse_name
from data.source import Source
from data.synthetic import SyntheticSpec, parse_options, synthetic_source
from data.verses import verses_source

_GENERATED: Final = {"digits": digits_source, "ratings": ratings_source, "verses": verses_source}
_PUBLISHED: Final = {
    "cifar10": cifar10_source,
    "cifar100": cifar100_source,
    "fashion_mnist": fashion_mnist_source,
    "mnist": mnist_source,
}
_OWN: Final = {"npz": npz_source, "images": images_source}


def default_cache_dir() -> Path:
    """Return KERAS_BENCH_CACHE, or else `keras-bench` in the user's cache folder."""
    named = os.environ.get("KERAS_BENCH_CACHE")
    if named:
        return Path(named).expanduser()
    # Imported here, because a worker that opens a prepared folder does not need it.
    import platformdirs

    return platformdirs.user_cache_path("keras-bench", appauthor=False)


def prepare(
    name: str,
    *,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    run_child: RunChild = refuse_child,
) -> Path:
    """Return the prepared folder of the dataset `name`; the first call creates it.

    `data_dir` contains local copies of downloads and defaults to KERAS_BENCH_DATA. `cache_dir`
    defaults to `default_cache_dir()`. A second call takes milliseconds and writes nothing. A
    damaged prepared folder is prepared again. If several processes call this, one prepares and the
    others wait for it. `run_child` runs a user's dataset function. Raises a DataError of one
    sentence.
    """
    cache = default_cache_dir() if cache_dir is None else cache_dir
    source = find_source(name, data_dir, cache, run_child)
    folder = cache / f"prepared-v{MANIFEST_VERSION}" / source.key
    if _is_intact(folder):  # before the lock, so that a read-only cache can be used
        return folder
    lock = FileLock(cache / "locks" / f"{source.key}.lock")
    with writing_to(cache):
        folder.parent.mkdir(parents=True, exist_ok=True)
        Path(lock.lock_file).parent.mkdir(exist_ok=True)
        lock.acquire()
    try:
        if not _is_intact(folder):  # another process may have made it while we waited
            write_folder(source, folder)
    finally:
        lock.release()
    return folder


def find_source(
    name: str, data_dir: Path | None, cache_dir: Path, run_child: RunChild = refuse_child
) -> Source:
    """Return the source of the dataset `name`; only file sizes and times are read.

    Raises UnknownDatasetError or BadOptionError, and for a local source MissingSourceError,
    SourceUnreadableError, TruncatedFileError, WrongSizeError or WrongArraysError.
    """
    family, rest = parse_name(name)
    named = os.environ.get("KERAS_BENCH_DATA")
    if data_dir is None and named:
        data_dir = Path(named)
    if family == "synthetic":
        return synthetic_source(parse_options(rest) if ":" in name else SyntheticSpec())
    if family in _GENERATED:
        return _GENERATED[family]()
    if family in _PUBLISHED:
        return _PUBLISHED[family](data_dir, cache_dir)
    if family == "function":
        return function_source(rest, run_child)
    return _OWN[family](rest)


def _is_intact(folder: Path) -> bool:
    try:
        open_dataset(folder)
    except (PreparedChangedError, ManifestUnreadableError, OtherManifestVersionError):
        return False
    return True
