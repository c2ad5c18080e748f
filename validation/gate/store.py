"""The raw rows of the validation: files to which each call appends, durably."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from bench.core.serialization import decode_json
from bench.core.text import BenchError
from bench.storage.atomic import set_aside_truncated_line
from bench.storage.jsonl import append_rows, read_rows
from bench.storage.store import StoreError
from validation.gate.accuracy import SeedRow
from validation.gate.rows import PROOF_VERSION, Context, RealPair
from validation.gate.simulation import RULES_VERSION, SUITE_LAYOUT, SuiteRow

_Row = TypeVar("_Row", Context, RealPair, SuiteRow, SeedRow)

_FILES: Final[dict[type, str]] = {
    Context: "sessions.jsonl",
    RealPair: "pairs.jsonl",
    SuiteRow: "suites.jsonl",
    SeedRow: "seeds.jsonl",
}


class SampleStoreError(BenchError, ValueError):
    """A raw row of the validation cannot be read, or an option does not fit."""


class SampleStore:
    """The folder of the validation's rows."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`, which is created when the first row is added."""
        self.folder = folder

    def set_aside_truncated_rows(self) -> None:
        """Set aside last rows truncated by a power cut; StoreError if a file cannot be written."""
        try:
            for name in _FILES.values():
                set_aside_truncated_line(self.folder / name)
        except OSError as error:
            raise StoreError(f"{self.folder} cannot be written: {error.strerror}.") from error

    def add(self, *rows: Context | RealPair | SuiteRow | SeedRow) -> None:
        """Append rows of one kind, all or none; StoreError if the file cannot be written."""
        path = self.folder / _FILES[type(rows[0])]
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            append_rows(path, *rows)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error

    def suites(self) -> tuple[list[SuiteRow], dict[int, int]]:
        """Return the suites of the current rules version, and the count of each other version.

        The file keeps all of them; no row is ever dropped.
        """
        rows = self.rows(SuiteRow)
        others = Counter(row.rules for row in rows if row.rules != RULES_VERSION)
        return [row for row in rows if row.rules == RULES_VERSION], dict(sorted(others.items()))

    def rows(self, kind: type[_Row]) -> list[_Row]:
        """Return all rows of a kind; SampleStoreError names a line that cannot be read."""
        decode: Callable[[bytes], Any] = (
            SUITE_LAYOUT.decode if kind is SuiteRow else partial(decode_json, kind=kind)
        )
        return read_rows(self.folder / _FILES[kind], decode, SampleStoreError)

    def contexts(self) -> dict[str, Context]:
        """Return the context of each session; SampleStoreError if one has a different version."""
        contexts = {row.session: row for row in self.rows(Context)}
        for row in contexts.values():
            if row.proof_version != PROOF_VERSION:
                raise SampleStoreError(
                    f"{self.folder}: session {row.session} has version {row.proof_version}; this "
                    f"harness reads {PROOF_VERSION}. Use a different folder."
                )
        return contexts
