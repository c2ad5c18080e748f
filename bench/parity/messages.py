"""The messages between the parent and a certifying worker: a task and the resulting arrays."""

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

#: The stages of a certificate, in the order in which they are compared.
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
    """One backend's part of a certificate, as the child receives it.

    The worker computes in `precision` on the first batches of the training images, trains `steps`
    steps, and writes its arrays to `arrays_path`. It evaluates the weights in `trained_path`. If
    that is empty, it evaluates its own weights after `trained_steps` steps and adds them to its
    arrays.
    """

    job: Job
    precision: Precision
    seed: int
    steps: int
    trained_steps: int
    test_images: int
    arrays_path: str
    trained_path: str = ""


class WorkerArraysError(BenchError):
    """A worker wrote no usable arrays, or wrote the reason of its failure."""


class WorkerArrays:
    """The arrays of one worker by stage, in order; `settings` are its resolved settings."""

    def __init__(self, arrays: dict[str, NumericArray]) -> None:
        """Take arrays by full name, STAGE/NUMBER:NAME; WorkerArraysError if settings are bad."""
        self._arrays = arrays
        self.settings: dict[str, Scalar] = {}
        if "settings" in arrays:
            try:
                self.settings = decode_json(arrays.pop("settings").tobytes(), dict[str, Scalar])
            except DecodeError as error:
                raise WorkerArraysError(f"its arrays have no settings ({error})") from error

    def stage(self, stage: str) -> dict[str, NumericArray]:
        """Return the arrays of a stage by NAME, in the model's order."""
        prefix = f"{stage}/"
        names = [name.removeprefix(prefix) for name in self._arrays if name.startswith(prefix)]
        return {name: self._arrays[f"{prefix}{name}"] for name in sorted(names, key=_place)}


def _place(name: str) -> tuple[int, str]:
    """Return the number before the colon, whose number of digits varies, and the name."""
    number = name.partition(":")[0]
    return (int(number) if number.isdecimal() else 0), name


def read_worker_arrays(path: Path) -> WorkerArrays:
    """Return the arrays in a file; raises WorkerArraysError with the reason if it has none."""
    try:
        arrays = load_arrays(path)
    except FileNotFoundError:
        raise WorkerArraysError("the worker wrote no arrays; see the end of its log") from None
    except (OSError, ArchiveDamagedError) as error:
        raise WorkerArraysError(f"its arrays cannot be read ({error})") from error
    if "failure" in arrays:
        reason = arrays["failure"].tobytes().decode(errors="replace")
        raise WorkerArraysError(reason.strip().rstrip(".") or "the worker failed without a reason")
    return WorkerArrays(arrays)
