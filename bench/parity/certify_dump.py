"""What one worker computed: its arrays by stage and name, read without pickle."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from bench.core.result import Scalar
from bench.core.serialization import UnreadableError, decode_json
from bench.core.text import LineError
from data.arrays import ArchiveDamaged, load_arrays

Array = NDArray[Any]


class DumpError(LineError):
    """A worker wrote no dump, or one that says why it failed."""


class Dump:
    """The arrays of one worker by stage, in order; `settings` is its ledger."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        """Take the arrays by their full names, STAGE/NUMBER:NAME; DumpError for other settings."""
        self._arrays = arrays
        self.settings: dict[str, Scalar] = {}
        if "settings" in arrays:
            try:
                self.settings = decode_json(arrays.pop("settings").tobytes(), dict[str, Scalar])
            except UnreadableError as error:
                raise DumpError(f"its dump holds no settings ({error})") from error

    def stage(self, stage: str) -> dict[str, Array]:
        """Return the arrays of a stage by NAME, in the model's order."""
        prefix = f"{stage}/"
        names = [name.removeprefix(prefix) for name in self._arrays if name.startswith(prefix)]
        return {name: self._arrays[f"{prefix}{name}"] for name in sorted(names, key=_place)}


def _place(name: str) -> tuple[int, str]:
    """Return the number before the colon, which may have more digits than others."""
    number = name.partition(":")[0]
    return (int(number) if number.isdecimal() else 0), name


def read_dump(path: Path) -> Dump:
    """Return the dump in a file; DumpError says why there is none."""
    try:
        arrays = load_arrays(path)
    except FileNotFoundError:
        raise DumpError("the worker wrote no dump; the end of its log tells why") from None
    except (OSError, ArchiveDamaged) as error:
        raise DumpError(f"its dump cannot be read ({error})") from error
    if "failure" in arrays:
        told = arrays["failure"].tobytes().decode(errors="replace")
        raise DumpError(told.strip().rstrip(".") or "the worker failed without a word")
    return Dump(arrays)
