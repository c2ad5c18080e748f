"""What one worker computed: its arrays by stage and name, read without pickle."""

import zipfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from bench.record import Scalar

Array = NDArray[Any]


class DumpError(Exception):
    """A worker wrote no dump, or one that says why it failed."""


class Dump:
    """The arrays of one worker by stage, in order; `settings` is its ledger."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        """Take the arrays by their full names, STAGE/NUMBER:NAME."""
        self._arrays = arrays
        self.settings: dict[str, Scalar] = {}
        if "settings" in arrays:
            self.settings = msgspec.json.decode(arrays.pop("settings").tobytes())

    def stage(self, stage: str) -> dict[str, Array]:
        """Return the arrays of a stage by NAME, in the model's order."""
        prefix = f"{stage}/"
        names = sorted(name for name in self._arrays if name.startswith(prefix))
        return {name.removeprefix(prefix): self._arrays[name] for name in names}


def read_dump(path: Path) -> Dump:
    """Return the dump in a file; DumpError says why there is none."""
    try:
        # Opened here, since np.load leaves a file open in which it finds no archive.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise DumpError("the worker wrote no dump; the end of its log tells why") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise DumpError(f"its dump cannot be read ({error})") from error
    if "failure" in arrays:
        raise DumpError(arrays["failure"].tobytes().decode(errors="replace").rstrip("."))
    return Dump(arrays)
