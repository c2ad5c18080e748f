"""Stored baselines: named copies of records under reports/baselines/, kept with the repository."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.core.record import Record
from bench.core.text import BenchError
from bench.storage.store import Store, StoreError


class BaselineError(BenchError, ValueError):
    """A stored baseline does not exist, already exists, or has a name that is no folder's."""


def save_baseline(store: Store, name: str, runs: Sequence[str]) -> Path:
    """Copy the records of `runs` to reports/baselines/NAME/records/ and return that folder.

    BaselineError when the name is taken or unfit; StoreError when a run is not there, when two
    of them hold the same cell and repetition, or when the copy cannot be written.
    """
    folder = _folder(store, name)
    if folder.exists():
        raise BaselineError(f"There is a baseline {name!r} already; remove {folder} to replace it.")
    paths: dict[str, Path] = {}
    for run in runs:
        store.load(run)  # refuses a run that is not there
        for path in sorted((store.run_folder(run) / "records").glob("*.json")):
            if path.name in paths:
                raise StoreError(f"{paths[path.name]} and {path} are records of the same cell.")
            paths[path.name] = path
    temporary = folder.with_name(f".{name}.tmp")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        (temporary / "records").mkdir(parents=True)
        for path in paths.values():
            shutil.copyfile(path, temporary / "records" / path.name)
        temporary.rename(folder)
    except OSError as error:
        raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
    return folder


def load_baseline(store: Store, name: str) -> list[Record]:
    """Return a baseline's records, instrumented ones left out; BaselineError if there is none."""
    folder = _folder(store, name)
    records = [record for record in store.load_folder(folder) if not record.instrumented]
    if not records:
        known = sorted(path.name for path in folder.parent.glob("[!.]*") if path.is_dir())
        raise BaselineError(
            f"There is no baseline {name!r} with records; there are: {', '.join(known) or 'none'}."
        )
    return records


def _folder(store: Store, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}", name):
        raise BaselineError(
            f"{name!r} is no name of a baseline: letters, digits, '_', '.' and '-'."
        )
    return store.reports / "baselines" / name
