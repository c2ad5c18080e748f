"""The raw rows: a file to which each process of a measurement is appended at once, durably."""

from pathlib import Path
from typing import Final

import msgspec

from bench.core.result import Scalar
from bench.core.serialization import DecodeError, decode_json
from bench.core.text import BenchError
from bench.profiling.messages import Timing
from bench.storage.jsonl import append_rows
from bench.storage.store import StoreError

#: Raised whenever what is timed or the fields of a row change.
LAYERS_VERSION: Final = 1
FILE: Final = "samples.jsonl"


class LayersError(BenchError):
    """Raw rows of layers cannot be read."""


class ProcessSamples(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One process: a workload on one backend in one round, with all it timed or why it did not.

    `position` is its place in the round. The rest is with what it was made.
    """

    layers_version: int = LAYERS_VERSION
    workload: str
    dataset: str
    batch_size: int
    backend: str
    round: int
    position: int
    timings: tuple[Timing, ...]
    settings: dict[str, Scalar]
    reason: str | None
    versions: dict[str, str]
    machine: dict[str, Scalar]
    commit: str | None


def add_visit(folder: Path, visit: ProcessSamples) -> None:
    """Append a row to the file in `folder`; StoreError when that is impossible."""
    path = folder / FILE
    try:
        append_rows(path, visit)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error


def read_visits(folder: Path) -> list[ProcessSamples]:
    """Return all rows of a folder; LayersError names the file or the line that cannot be read."""
    path = folder / FILE
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise LayersError(f"{path} cannot be read: {error.strerror}.") from error
    return [_visit(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _visit(line: bytes, where: str) -> ProcessSamples:
    try:
        version = decode_json(line, _Versioned).layers_version
        if version != LAYERS_VERSION:
            raise LayersError(
                f"{where} is of version {version} of the layers; this harness reads "
                f"{LAYERS_VERSION}: measure again."
            )
        return decode_json(line, ProcessSamples)
    except DecodeError as error:
        raise LayersError(f"{where} is damaged: {error}.") from error


class _Versioned(msgspec.Struct):
    layers_version: int
