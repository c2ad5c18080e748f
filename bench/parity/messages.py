"""What passes between the parent and a certifying worker: a task, and the arrays that come back."""

from pathlib import Path
from typing import Final, Literal

import msgspec

from bench.core.job import Job
from bench.core.result import Scalar
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import BenchError
from bench.stats.norms import NumericArray
from data.arrays import ArchiveDamagedError, load_arrays

Precision = Literal["float32", "float64"]

#: The stages of a certificate, in the order in which a difference is looked for.
STAGES: Final = (
    "structure",
    "inference",
    "training",
    "loss",
    "gradient",
    "update",
    "steps",
    "evaluation",
)


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One backend's part of a certificate, seen from the child.

    The worker computes in `precision` on the first batches of the training images, trains `steps`
    steps, and writes a dump to `dump_path`. It evaluates the weights in `trained_path`; where
    that is empty, its own after `trained_steps` steps, which it adds to the dump.
    """

    job: Job
    precision: Precision
    seed: int
    steps: int
    trained_steps: int
    test_images: int
    dump_path: str
    trained_path: str = ""


class DumpError(BenchError):
    """A worker wrote no dump, or one that says why it failed."""


class WorkerArrays:
    """The arrays of one worker by stage, in order; `settings` is its provenance."""

    def __init__(self, arrays: dict[str, NumericArray]) -> None:
        """Take the arrays by their full names, STAGE/NUMBER:NAME; DumpError for other settings."""
        self._arrays = arrays
        self.settings: dict[str, Scalar] = {}
        if "settings" in arrays:
            try:
                self.settings = decode_json(arrays.pop("settings").tobytes(), dict[str, Scalar])
            except DecodeError as error:
                raise DumpError(f"its dump holds no settings ({error})") from error

    def stage(self, stage: str) -> dict[str, NumericArray]:
        """Return the arrays of a stage by NAME, in the model's order."""
        prefix = f"{stage}/"
        names = [name.removeprefix(prefix) for name in self._arrays if name.startswith(prefix)]
        return {name: self._arrays[f"{prefix}{name}"] for name in sorted(names, key=_place)}


def _place(name: str) -> tuple[int, str]:
    """Return the number before the colon, which may have more digits than others."""
    number = name.partition(":")[0]
    return (int(number) if number.isdecimal() else 0), name


def read_dump(path: Path) -> WorkerArrays:
    """Return the dump in a file; DumpError says why there is none."""
    try:
        arrays = load_arrays(path)
    except FileNotFoundError:
        raise DumpError("the worker wrote no dump; the end of its log tells why") from None
    except (OSError, ArchiveDamagedError) as error:
        raise DumpError(f"its dump cannot be read ({error})") from error
    if "failure" in arrays:
        told = arrays["failure"].tobytes().decode(errors="replace")
        raise DumpError(told.strip().rstrip(".") or "the worker failed without a word")
    return WorkerArrays(arrays)
