"""A prepared folder: a manifest and one `.npy` file per array, written completely or not at all."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.errors import CacheUnwritableError, ForeignFileError
from data.manifest import (
    MANIFEST_FILE,
    MANIFEST_VERSION,
    ArrayFacts,
    Manifest,
    fingerprint_of,
    write_manifest,
)
from data.named_arrays import PART_NAMES, flatten
from data.source import Source
from data.user_arrays import count_classes


def write_folder(source: Source, folder: Path) -> None:
    """Read `source` and write its prepared folder to `folder`, replacing a damaged one.

    The caller holds the lock of `folder`. A temporary folder is written and then renamed, so that
    readers never see an incomplete one; it is removed on any failure, including Ctrl-C. Raises
    ForeignFileError before anything else where `folder` holds files that are not ours,
    CacheUnwritableError, and what `source.read` raises.
    """
    _remove_leftovers(folder)
    _check_ours(folder)
    parts = source.read()
    classes = count_classes(parts) if source.classes is None else source.classes
    arrays = flatten(parts)
    fresh = folder.with_name(f"{_temporary_prefix(folder)}{secrets.token_hex(4)}")
    damaged = fresh.with_name(f"{fresh.name}.old")
    try:
        with writing_to(folder.parent):
            fresh.mkdir()
            facts = {name: _write_array(fresh, name, array) for name, array in arrays.items()}
            write_manifest(_manifest_of(source, classes, facts), fresh)
            if folder.exists():
                folder.rename(damaged)
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(damaged, ignore_errors=True)


@contextmanager
def writing_to(place: Path) -> Iterator[None]:
    """Turn an OSError of the block into CacheUnwritableError, which names `place` and a remedy."""
    try:
        yield
    except OSError as error:
        raise CacheUnwritableError(
            f"The cache folder {place} cannot be written ({error.strerror or error}); free or "
            "unlock it, or set KERAS_BENCH_CACHE to a folder that can be written."
        ) from error


def _temporary_prefix(folder: Path) -> str:
    # A key holds no dot, so this matches no other folder's leftovers.
    return f".{folder.name}.tmp."


def _remove_leftovers(folder: Path) -> None:
    """Remove the leftovers of a killed process; the lock excludes a running one."""
    for leftover in folder.parent.glob(f"{_temporary_prefix(folder)}*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _check_ours(folder: Path) -> None:
    if not os.path.lexists(folder):
        return
    foreign = [] if folder.is_dir() and not folder.is_symlink() else [folder]
    if not foreign:
        foreign = [entry for entry in folder.iterdir() if not _is_ours(entry.name)]
    if foreign:
        raise ForeignFileError(
            f"{foreign[0]} is where a prepared dataset belongs, but was not written by this "
            "program; move it away, or set KERAS_BENCH_CACHE to another folder."
        )


def _is_ours(name: str) -> bool:
    stem, dot, end = name.rpartition(".")
    return name == MANIFEST_FILE or (
        bool(dot) and end == "npy" and stem.split(".")[0] in PART_NAMES
    )


def _write_array(folder: Path, name: str, array: npt.NDArray[Any]) -> ArrayFacts:
    array = np.ascontiguousarray(array)
    path = folder / f"{name}.npy"
    with path.open("wb") as stream:
        np.lib.format.write_array(stream, array, allow_pickle=False)
        stream.flush()
        # Opening checks only size and time, which can survive a power cut when the bytes do not.
        os.fsync(stream.fileno())
    status = path.stat()
    return ArrayFacts(
        file=path.name,
        shape=array.shape,
        dtype=array.dtype.name,
        sha256=hashlib.sha256(array.data).hexdigest(),
        size_bytes=status.st_size,
        mtime_ns=status.st_mtime_ns,
    )


def _manifest_of(source: Source, classes: int, facts: dict[str, ArrayFacts]) -> Manifest:
    return Manifest(
        version=MANIFEST_VERSION,
        name=source.name,
        source=source.description,
        official=source.official,
        classes=classes,
        fingerprint=fingerprint_of(facts),
        arrays=facts,
    )
