"""Stored baselines: named copies of records under reports/baselines/, kept with the repository."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from bench.core.record import Record
from bench.core.text import BenchError
from bench.storage.store import Store, StoreError


class BaselineError(BenchError, ValueError):
    """A stored baseline does not exist, already exists, or has an invalid name."""


def save_baseline(store: Store, name: str, runs: Sequence[str]) -> Path:
    """Copy the records of `runs` to reports/baselines/NAME/records/ and return that folder.

    BaselineError if the name is taken or invalid; StoreError if a run does not exist, if two runs
    hold the same cell and repetition, or if the copy cannot be written.
    """
    folder = _folder(store, name)
    if folder.exists():
        raise BaselineError(f"The baseline {name!r} already exists; remove {folder} to replace it.")
    paths: dict[str, Path] = {}
    for run in runs:
        store.load(run)  # raises StoreError if the run does not exist
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
    """Return a baseline's records without instrumented ones; BaselineError if there are none."""
    folder = _folder(store, name)
    records = [record for record in store.load_folder(folder) if not record.instrumented]
    if not records:
        known = sorted(path.name for path in folder.parent.glob("[!.]*") if path.is_dir())
        raise BaselineError(
            f"There is no baseline {name!r} with records; known: {', '.join(known) or 'none'}."
        )
    return records


def _folder(store: Store, name: str) -> Path:
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,80}", name):
        raise BaselineError(
            f"{name!r} is not a valid baseline name; use letters, digits, '_', '.' and '-'."
        )
    return store.reports / "baselines" / name
