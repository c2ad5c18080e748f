"""Ctrl-C, SIGTERM and SIGHUP: told alike, once, and never at a moment that loses a worker."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Final

INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Longer than killing a worker and writing the reports takes, on a busy machine too: as long as tox
#: waits for it.
_CLEAN_UP_SECONDS: Final = 20.0


def handle_interruptions(
    handler: Callable[[int, FrameType | None], None] | signal.Handlers,
) -> None:
    """Give `handler` every interruption but those that were ignored when this process started."""
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets SIGHUP
            signal.signal(number, handler)


def interrupter() -> Callable[[int, FrameType | None], None]:
    """Return a handler that raises KeyboardInterrupt, so that all signals end a run alike.

    Those that follow at once are ignored: tox repeats a terminal's Ctrl-C, and the clean-up after
    the first must not be interrupted itself.
    """
    deaf_until = 0.0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal deaf_until
        if monotonic() >= deaf_until:
            deaf_until = monotonic() + _CLEAN_UP_SECONDS
            raise KeyboardInterrupt

    return interrupt


@contextmanager
def deferred_signals() -> Iterator[Callable[[], None]]:
    """Hold interruptions back until the given function is called, or the block ends.

    Between a worker's start and the `try` that kills it, an exception would leave it behind.
    """
    held: list[int] = []
    heard = [n for n in INTERRUPTIONS if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    former = {number: signal.getsignal(number) for number in heard}

    def release() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)
        former.clear()
        while held:
            signal.raise_signal(held.pop())

    try:
        for number in heard:
            signal.signal(number, lambda signum, frame: held.append(signum))
        yield release
    finally:
        release()


_open_readers: list[int] = []


@contextmanager
def wakeup_pipe() -> Iterator[int]:
    """Give a descriptor that can be read after a signal; an inner block gets that of the outer one.

    When two signals come at once, the kernel may hand both to a thread of NumPy's BLAS. Python's
    handlers run in the main thread alone, and nothing else would wake it from its `poll`.
    """
    if _open_readers:
        yield _open_readers[-1]
        return
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    former = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _open_readers.append(reader)
    try:
        yield reader
    finally:
        _open_readers.clear()
        signal.set_wakeup_fd(former)
        os.close(reader)
        os.close(writer)
