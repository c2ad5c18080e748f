"""Children that outlive a worker, wherever they went: they become ours, and are killed."""

import ctypes
import sys
from collections.abc import Set
from contextlib import suppress
from typing import Final

import psutil

_PR_SET_CHILD_SUBREAPER: Final = 36
_KILLED_SECONDS: Final = 10.0


def become_subreaper() -> set[psutil.Process]:
    """Ask Linux for the children of our children when these die; return all that there are now.

    Else a child that left its worker's process group, as a daemon does, would be lost to `init`.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    return _descendants()


def kill_orphans(known: Set[psutil.Process]) -> None:
    """Kill and reap every process below this one that is not among the `known`."""
    while strays := _descendants() - known:
        for stray in strays:
            with suppress(psutil.NoSuchProcess):
                stray.kill()
        if psutil.wait_procs(list(strays), timeout=_KILLED_SECONDS)[1]:
            return  # the kernel holds it: what cannot be killed cannot be waited for


def _descendants() -> set[psutil.Process]:
    """Return all processes below this one; none where no descriptor is left to look with."""
    try:
        return set(psutil.Process().children(recursive=True))
    except OSError:
        return set()
