"""One side of a comparison: a run's name and its records."""

from pathlib import Path
from typing import NamedTuple

from bench.core.record import Record
from bench.core.text import BenchError
from bench.report.tables.columns import sorted_records
from bench.storage.store import Store


class SideError(BenchError):
    """What was named as a run is none, or holds nothing that can be compared."""


class ComparedRun(NamedTuple):
    """A run by its name, and its records in the report's order, instrumented ones left out."""

    name: str
    records: list[Record]


def find_side(run: str, store: Store) -> ComparedRun:
    """Return the side that `run` names: a run id of `store`, or a folder that holds records/.

    SideError says what is wrong with it and names the newest runs.
    """
    folder = store.run_folder(run) if store.has_run(run) else Path(run)
    if not _holds_records(folder):
        newest = ", ".join(store.run_ids()[-5:]) or "none"
        raise SideError(
            f"{run!r} is neither a run id nor a folder with records/; the newest runs: {newest}."
        )
    records = [record for record in store.load_folder(folder) if not record.instrumented]
    if not records:
        raise SideError(f"{run!r} holds no record that can be compared.")
    return ComparedRun(folder.resolve().name, sorted_records(records))


def _holds_records(folder: Path) -> bool:
    try:
        return (folder / "records").is_dir()
    except (OSError, ValueError):  # too long for a path, or no path
        return False
