"""What Keras itself has downloaded, in `~/.keras/datasets`, reused where its sha256 is right.

Its CIFAR archives hold pickles. Only the official bytes are ever unpickled, and they can call
nothing but what makes a NumPy array.
"""

import hashlib
import io
import os
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from data.archive import read_members
from data.arrays import damage
from data.errors import SourceUnreadableError

#: What a pickle of Python 2 with NumPy arrays calls, and where NumPy has it today.
_ALLOWED: Final = {
    ("numpy.core.multiarray", "_reconstruct"): "numpy._core.multiarray",
    ("numpy", "ndarray"): "numpy",
    ("numpy", "dtype"): "numpy",
    ("_codecs", "encode"): "_codecs",
}


def keras_file(name: str, sha256: str) -> Path | None:
    """Return `datasets/NAME` in Keras's home folder, None where it is not there or is another."""
    home = os.environ.get("KERAS_HOME")
    path = (Path(home).expanduser() if home else Path.home() / ".keras") / "datasets" / name
    return path if file_sha256(path) == sha256 else None


def file_sha256(path: Path) -> str | None:
    """Return the sha256 (hex) of a file, None where there is none that can be read."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def read_batches(archive: Path, members: tuple[str, ...]) -> Iterator[tuple[str, dict[bytes, Any]]]:
    """Yield the pickled dictionary of each member of a verified archive, by its name.

    Raises MissingSourceError or SourceUnreadableError.
    """
    for name, content in read_members(archive, dict.fromkeys(members)):
        try:
            batch = _ArraysAlone(io.BytesIO(content), encoding="bytes").load()
        except Exception as error:  # a damaged pickle makes the unpickler raise nearly anything
            raise SourceUnreadableError(
                f"{archive}:{name} cannot be read ({damage(error)})."
            ) from error
        yield name, batch


class _ArraysAlone(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return what makes arrays; UnpicklingError for anything else."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it would call {module}.{name}")
        return super().find_class(_ALLOWED[module, name], name)
