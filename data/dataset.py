"""A dataset: memory-mapped arrays and the manifest that describes them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from data.arrays import damage
from data.errors import PreparedChangedError
from data.manifest import ArrayFacts, Manifest, read_manifest
from data.named_arrays import Part, gather

__all__ = ["ArrayFacts", "Dataset", "Manifest", "open_dataset"]


# Without eq, because comparing two arrays gives an array.
@dataclass(frozen=True, eq=False)
class Dataset:
    """Four parts of read-only arrays, and their manifest.

    `x_*` are uint8 images of shape (n, height, width, channels) with values 0 to 255, uint8 text of
    shape (n, length), or other inputs (n, …); `y_*` are int64 class ids of shape
    (n,), 0 to `manifest.classes` - 1, or a user's targets as they are, (n, …) of any type.
    """

    manifest: Manifest
    x_train: Part
    y_train: Part
    x_test: Part
    y_test: Part


def open_dataset(folder: Path) -> Dataset:
    """Return the dataset of a prepared folder, memory-mapped read-only.

    Files are checked by size and modification time, not by hash, so that this takes milliseconds
    at any size. Raises PreparedChangedError, ManifestUnreadableError or OtherManifestVersionError.
    """
    manifest = read_manifest(folder)
    arrays = {name: _open_array(folder, facts) for name, facts in manifest.arrays.items()}
    return Dataset(manifest=manifest, **gather(arrays))


def _open_array(folder: Path, facts: ArrayFacts) -> npt.NDArray[Any]:
    path = folder / facts.file
    try:
        status = path.stat()
        if status.st_size != facts.size_bytes:
            raise _changed(path, f"has {status.st_size} bytes, not {facts.size_bytes}")
        if status.st_mtime_ns != facts.mtime_ns:
            raise _changed(path, "was modified after it was prepared")
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except PreparedChangedError:
        raise
    except Exception as error:  # NumPy parses the header as Python: from tokenize, ast and others
        raise _changed(path, f"cannot be opened ({damage(error)})") from error
    if array.shape != facts.shape or array.dtype.name != facts.dtype:
        raise _changed(
            path, f"holds {array.dtype.name} {array.shape}, not {facts.dtype} {facts.shape}"
        )
    return array


def _changed(path: Path, change: str) -> PreparedChangedError:
    return PreparedChangedError(
        f"{path} {change}; delete the prepared folder {path.parent} and prepare the dataset again."
    )
