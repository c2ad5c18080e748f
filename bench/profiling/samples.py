"""The raw rows of a layer profile: a file to which each process is appended at once, durably."""

from pathlib import Path
from typing import Final

import msgspec

from bench.core.result import Scalar
from bench.core.serialization import DecodeError, Document, Layout, items_of, rename_keys
from bench.core.text import BenchError
from bench.profiling.messages import Timing
from bench.storage.jsonl import append_rows
from bench.storage.store import StoreError

#: Raised whenever the timed work or the fields of a row change.
LAYERS_VERSION: Final = 2

#: The versions that can be read; version 1 had other names for four fields of a timing.
READABLE_LAYERS_VERSIONS: Final = (1, 2)
FILE: Final = "samples.jsonl"


class LayersError(BenchError):
    """The raw rows of a layer profile cannot be read."""


class ProcessSamples(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One process: a workload on one backend in one round, with its timings or a `reason`.

    `position` is its place in the round. The other fields are its provenance.
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


def append_samples(folder: Path, samples: ProcessSamples) -> None:
    """Append a row to the file in `folder`; StoreError if it cannot be written."""
    path = folder / FILE
    try:
        append_rows(path, samples)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error


def read_samples(folder: Path) -> list[ProcessSamples]:
    """Return all rows of a folder; LayersError names the file or the line that cannot be read."""
    path = folder / FILE
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise LayersError(f"{path} cannot be read: {error.strerror}.") from error
    return [_decode(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]


def _decode(line: bytes, where: str) -> ProcessSamples:
    try:
        version = SAMPLES_LAYOUT.version_of(line)
        if version not in READABLE_LAYERS_VERSIONS:
            raise LayersError(
                f"{where} has layers version {version}; this harness reads "
                f"{' and '.join(map(str, READABLE_LAYERS_VERSIONS))}. Measure again."
            )
        return SAMPLES_LAYOUT.decode(line)
    except DecodeError as error:
        raise LayersError(f"{where} is damaged: {error}.") from error


_RENAMED: Final = {
    "part": "scope",
    "timed": "direction",
    "kind": "layer_class",
    "same": "shared_with",
}


def _upgrade(document: Document) -> None:
    for timing in items_of(document, "timings"):
        rename_keys(timing, _RENAMED)


#: How a line of samples.jsonl is stored.
SAMPLES_LAYOUT: Final = Layout(ProcessSamples, "layers_version", LAYERS_VERSION, _upgrade)
