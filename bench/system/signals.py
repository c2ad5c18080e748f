"""Ctrl-C, SIGTERM and SIGHUP: one interruption each, and never while a worker is started."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType
from typing import Final

INTERRUPTIONS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

#: Longer than the kill of a worker and the writing of the reports take, even on a busy machine; tox
#: waits as long.
_CLEAN_UP_SECONDS: Final = 20.0


def handle_interruptions(
    handler: Callable[[int, FrameType | None], None] | signal.Handlers,
) -> None:
    """Install `handler` for each interruption that was not ignored when this process started."""
    for number in INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup sets SIGHUP
            signal.signal(number, handler)


def interrupter() -> Callable[[int, FrameType | None], None]:
    """Return a handler that raises KeyboardInterrupt, so that all signals end a run in one way.

    Signals that follow within seconds are ignored, because tox repeats a terminal's Ctrl-C and the
    clean-up after the first signal must not be interrupted.
    """
    ignored_until = 0.0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal ignored_until
        if monotonic() >= ignored_until:
            ignored_until = monotonic() + _CLEAN_UP_SECONDS
            raise KeyboardInterrupt

    return interrupt


@contextmanager
def deferred_signals() -> Iterator[Callable[[], None]]:
    """Defer interruptions until the yielded function is called or the block ends.

    An exception between the start of a worker and the `try` that kills it would leave it running.
    """
    held: list[int] = []
    handled = [n for n in INTERRUPTIONS if signal.getsignal(n) not in (signal.SIG_IGN, None)]
    former = {number: signal.getsignal(number) for number in handled}

    def release() -> None:
        for number, handler in former.items():
            signal.signal(number, handler)
        former.clear()
        while held:
            signal.raise_signal(held.pop())

    try:
        for number in handled:
            signal.signal(number, lambda signum, frame: held.append(signum))
        yield release
    finally:
        release()


_open_readers: list[int] = []


@contextmanager
def wakeup_pipe() -> Iterator[int]:
    """Yield a descriptor that is readable after a signal; nested blocks share the outermost one.

    When two signals arrive at once, the kernel may deliver both to a thread of NumPy's BLAS.
    Python runs handlers only in the main thread, and nothing else would wake it from its `poll`.
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
