"""The machine's timing lock: one timing run at a time."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.core.exit_codes import ExitCode
from bench.core.text import BenchError


class MachineBusyError(BenchError):
    """Another timing run holds this machine's lock."""

    exit_code = ExitCode.BUSY


def default_lock_path() -> Path:
    """Return the path of the lock, which all checkouts and users of the machine share."""
    configured = os.environ.get("KERAS_BENCH_LOCK")
    return Path(configured) if configured else Path(tempfile.gettempdir()) / "keras-bench.lock"


@contextmanager
def timing_lock(path: Path, holder: str) -> Iterator[None]:
    """Hold the machine's timing lock, with `holder` written into its file for others to read.

    If the lock is held, MachineBusyError is raised at once, with the text of the present holder.
    The kernel releases the lock when its holder ends for any reason; the file remains.
    """
    descriptor = _open(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            present = os.pread(descriptor, 500, 0).decode(errors="replace").strip()
            raise MachineBusyError(
                f"Another timing run is active on this machine ({present or 'unknown'}); "
                "two at the same time would disturb each other. "
                f"Wait until it has ended. Lock: {path}"
            ) from None
        with suppress(OSError):  # on a full disk the lock is held without the holder's name
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    """Open the lock's file and make it usable for every user of the machine.

    A symbolic link is refused, because any user could place one in /tmp that points to our files.
    """
    try:
        try:
            # Linux refuses O_CREAT for another user's file in /tmp (fs.protected_regular).
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CREAT, 0o666)
    except OSError as error:
        raise MachineBusyError(
            f"The timing lock {path} cannot be opened: {error.strerror}. "
            "Set KERAS_BENCH_LOCK to a file that you may write."
        ) from error
    if os.fstat(descriptor).st_uid == os.getuid():
        os.fchmod(descriptor, 0o666)
    return descriptor
