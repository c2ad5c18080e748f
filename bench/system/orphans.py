"""Children that outlive their parent, wherever they went: they become ours, and are killed."""

import ctypes
import sys
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from typing import Final

import psutil

_PR_SET_CHILD_SUBREAPER: Final = 36
_KILLED_SECONDS: Final = 10.0


def become_subreaper() -> set[psutil.Process]:
    """Ask Linux for the children of our children when these die; return all that there are now.

    Else a child that left its parent's process group, as a daemon does, would be lost to `init`.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return _children_of(None)


def kill_orphans(known: Set[psutil.Process]) -> None:
    """Kill and reap every process below this one, but the `known` ones and those below them.

    What a known process starts is its own, as long as it lives: the other side of a pair keeps
    its children. Those of a process that has died are ours by then.
    """
    while strays := _strays(known):
        for stray in strays:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                stray.kill()
        if psutil.wait_procs(list(strays), timeout=_KILLED_SECONDS)[1]:
            return  # the kernel holds it: what cannot be killed cannot be waited for


@contextmanager
def no_new_children() -> Iterator[None]:
    """Kill, at the end of the block, every process below this one that was not there before it."""
    known = become_subreaper()
    try:
        yield
    finally:
        kill_orphans(known)


def _strays(known: Set[psutil.Process]) -> set[psutil.Process]:
    strays = _children_of(None) - known
    if strays:  # nearly never
        strays = strays.difference(*(_children_of(each) for each in known))
    return strays


def _children_of(process: psutil.Process | None) -> set[psutil.Process]:
    """Return all processes below one, or below this one; none where none can be looked for.

    That is where it has ended, or no descriptor is left to look with.
    """
    try:
        return set((process or psutil.Process()).children(recursive=True))
    except (OSError, psutil.NoSuchProcess):
        return set()
