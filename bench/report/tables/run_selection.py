"""A run that is compared with another: its name and its records."""

from pathlib import Path
from typing import NamedTuple

from bench.core.record import Record
from bench.core.text import BenchError
from bench.report.tables.columns import sorted_records
from bench.storage.store import Store


class RunSelectionError(BenchError):
    """A name is not a run, or the run has no records to compare."""


class ComparedRun(NamedTuple):
    """The name of a run, and its records in report order, without instrumented ones."""

    name: str
    records: list[Record]


def find_compared_run(run: str, store: Store) -> ComparedRun:
    """Return the run that `run` names: a run id of `store`, or a folder that contains records/.

    Raise RunSelectionError, which names the newest runs, if `run` is neither; also if the run has
    no records to compare.
    """
    folder = store.run_folder(run) if store.has_run(run) else Path(run)
    if not _contains_records(folder):
        newest = ", ".join(store.run_ids()[-5:]) or "none"
        raise RunSelectionError(
            f"{run!r} is neither a run id nor a folder with records/; the newest runs: {newest}."
        )
    records = [record for record in store.load_folder(folder) if not record.instrumented]
    if not records:
        raise RunSelectionError(f"{run!r} contains no record that can be compared.")
    return ComparedRun(folder.resolve().name, sorted_records(records))


def _contains_records(folder: Path) -> bool:
    try:
        return (folder / "records").is_dir()
    except (OSError, ValueError):  # too long for a path, or not a valid path
        return False
