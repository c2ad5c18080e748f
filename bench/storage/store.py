"""The store: one JSON file per record, written either completely or not at all."""

import os
import secrets
import stat
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.core.atomic_file import sync_folder
from bench.core.cell import Cell
from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from bench.core.record import Record, RecordError, decode_record, encode_record
from bench.core.text import BenchError
from bench.storage.atomic import write_atomic


class StoreError(BenchError):
    """The store's folder cannot be read or written."""

    exit_code = ExitCode.STORE


class UnknownRunError(StoreError):
    """No run has the given id."""

    exit_code = ExitCode.USAGE


def default_reports_folder() -> Path:
    """Return `KERAS_BENCH_REPORTS`, or else `reports/` of this checkout."""
    configured = os.environ.get("KERAS_BENCH_REPORTS")
    return Path(configured) if configured else CHECKOUT / "reports"


def new_run_id(now: datetime | None = None) -> str:
    """Return a new run id that sorts by time: UTC and four random hex digits."""
    moment = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{secrets.token_hex(2)}"


class Store:
    """The records of all runs under `reports/runs/`."""

    def __init__(self, reports: Path) -> None:
        """Use the folder `reports`, which is created with the first record."""
        self.reports = reports
        self.skipped: list[str] = []
        self._decoded: dict[Path, tuple[tuple[int, int, int], Record]] = {}

    def run_folder(self, run_id: str) -> Path:
        """Return the folder of one run."""
        return self.reports / "runs" / run_id

    def has_run(self, run_id: str) -> bool:
        """Return whether a run with this id exists; a path is never an id."""
        if run_id in ("", ".", "..") or "/" in run_id:
            return False
        try:
            return self.run_folder(run_id).is_dir()
        except (OSError, ValueError):  # too long for a file name, or not a file name
            return False

    def check_writable(self, run_id: str) -> None:
        """Create the run's folder and write a test file there, before anything is trained.

        Raises StoreError if that fails.
        """
        folder = self.run_folder(run_id) / "records"
        probe = folder / f".probe.{os.getpid()}.tmp"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"x" * 65_536)
        except OSError as error:
            raise StoreError(f"{folder} cannot be written: {error.strerror}.") from error
        finally:
            if folder.is_dir():
                probe.unlink(missing_ok=True)

    def save(self, record: Record) -> Path:
        """Store the record completely and durably and return its path; raises StoreError."""
        path = self.run_folder(record.run_id) / "records" / record.file_name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, encode_record(record))
            _sync_folders(path.parent.parent, self.reports)
        except OSError as error:
            raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
        return path

    def run_ids(self) -> list[str]:
        """Return the ids of all runs, oldest first; raises StoreError."""
        try:
            folders = [path for path in (self.reports / "runs").iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.reports} cannot be read: {error.strerror}.") from error
        return sorted(path.name for path in folders)

    def load(self, run_id: str) -> list[Record]:
        """Return a run's readable records, oldest first; why others are not goes to `skipped`."""
        if not self.has_run(run_id):
            known = ", ".join(self.run_ids()[-5:]) or "none"
            raise UnknownRunError(f"Run {run_id!r} does not exist; the newest runs are: {known}.")
        return self.load_folder(self.run_folder(run_id))

    def load_folder(self, folder: Path) -> list[Record]:
        """Return the readable records in the folder's records/, oldest first, as `load` does."""
        records = []
        for path in self._record_paths(folder / "records"):
            try:
                records.append(self._read(path))
            except RecordError as error:
                self._skip(str(error))
            except OSError as error:
                self._skip(f"{path} cannot be read: {error.strerror}.")
        return sorted(records, key=_age)

    def _read(self, path: Path) -> Record:
        """Return the record in a file, which is decoded again only after it has changed."""
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # reading a pipe would never end
            raise RecordError(f"{path} is not a regular file.")
        # A file is replaced, never overwritten, so new content means a new inode.
        identity = (status.st_ino, status.st_size, status.st_mtime_ns)
        known = self._decoded.get(path)
        if known is None or known[0] != identity:
            known = (identity, decode_record(path.read_bytes(), str(path)))
            self._decoded[path] = known
        return known[1]

    def _record_paths(self, folder: Path) -> list[Path]:
        try:
            return sorted(path for path in folder.iterdir() if path.suffix == ".json")
        except FileNotFoundError:
            return []
        except OSError as error:
            self._skip(f"{folder} cannot be read: {error.strerror}.")
            return []

    def _skip(self, reason: str) -> None:
        if reason not in self.skipped:
            self.skipped.append(reason)

    def load_all(self) -> list[Record]:
        """Return the readable records of all runs, oldest first."""
        records = [record for run_id in self.run_ids() for record in self.load(run_id)]
        return sorted(records, key=_age)


def log_path(folder: Path, cell: Cell, repetition: int) -> Path:
    """Return the path of one launch's log in the folder of its run."""
    return folder / "logs" / f"{cell.id}-r{repetition}.log"


def _sync_folders(folder: Path, last: Path) -> None:
    """Make the entries of `folder` and of its parents up to `last` durable."""
    for place in (folder, *folder.parents):
        sync_folder(place)
        if place == last:
            return


def newest_of_each(records: Iterable[Record]) -> dict[tuple[str, int], Record]:
    """Return the newest record of each (digest, repetition)."""
    return {record.key: record for record in sorted(records, key=_age)}


def latest_records(records: Iterable[Record], machine_id: str) -> list[Record]:
    """Return the records of `reports/latest/`: the newest of every cell on one machine.

    A cell whose code, data or versions changed has records with several digests. Only those with
    the digest of its newest record count, and of these the newest of each repetition. If the newest
    record belongs to a race, only that race counts. Instrumented launches are selected separately
    by the same rule.
    """
    here = sorted((r for r in records if r.machine_id == machine_id), key=_age)
    newest = {(record.cell, record.instrumented): record for record in here}
    current = [r for r in here if _belong_together(r, newest[r.cell, r.instrumented])]
    return sorted(newest_of_each(current).values(), key=_age)


def _belong_together(record: Record, newest: Record) -> bool:
    if newest.race is not None and record.run_id != newest.run_id:
        return False
    return record.digest == newest.digest and (record.race is None) == (newest.race is None)


def _age(record: Record) -> tuple[str, str, str, int]:
    return (record.started_at, record.run_id, record.cell.id, record.repetition)
