"""Descendants that outlive their parent: this process adopts and kills them."""

import ctypes
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from typing import Final

import psutil

_PR_SET_CHILD_SUBREAPER: Final = 36
_KILLED_SECONDS: Final = 10.0


def become_subreaper() -> set[psutil.Process]:
    """Make this process the parent of its orphaned descendants; return all present ones.

    Without this, `init` would adopt a child that left its parent's process group, as a daemon does.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return _children_of(None)


def kill_orphans(known: Set[psutil.Process]) -> None:
    """Kill and reap all descendants of this process except the `known` ones and theirs.

    The descendants of a known process are spared while it lives, so that the other side of a pair
    keeps its children. Once it has died, its children belong to this process.
    """
    while orphans := _orphans(known):
        for orphan in orphans:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                orphan.kill()
        if psutil.wait_procs(list(orphans), timeout=_KILLED_SECONDS)[1]:
            return  # the kernel blocks it: waiting for its end would never return


@contextmanager
def no_new_children() -> Iterator[None]:
    """Kill, at the end of the block, all descendants that did not exist before it."""
    known = become_subreaper()
    try:
        yield
    finally:
        kill_orphans(known)


def _orphans(known: Set[psutil.Process]) -> set[psutil.Process]:
    orphans = _children_of(None) - known
    if orphans:  # rarely
        orphans = orphans.difference(*(_children_of(each) for each in known))
    return orphans


def _children_of(process: psutil.Process | None) -> set[psutil.Process]:
    """Return all descendants of `process`, or of this one for None.

    The set is empty if the process has ended or no file descriptor is available for the search.
    """
    try:
        return set((process or psutil.Process()).children(recursive=True))
    except (OSError, psutil.NoSuchProcess):
        return set()
