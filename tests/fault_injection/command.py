"""A process of the real command line, with a fault built in before its first line."""

import fcntl
import os
import resource
import signal
import sys
import termios
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.system.signals import INTERRUPTIONS

_OVERHEAD = "validation.overhead"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a command is called with, and what is done to its process before it begins.

    `limits` are soft resource limits by name, `before` names a function "module:name" to call
    there; `terminal` makes standard output the terminal that controls the process.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    before: str = ""
    terminal: bool = False

    @property
    def program(self) -> str:
        """The module that is run: `validation.overhead` when it is the first argument."""
        return _OVERHEAD if self.arguments[:1] == (_OVERHEAD,) else "bench"

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments of the program."""
        return self.arguments[1:] if self.program == _OVERHEAD else self.arguments

    def facts(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return asdict(self)


def become(order: Order, out: int, err: int) -> None:
    """Make this process the one that `order` describes, with `out` and `err` as its output."""
    os.setsid()
    for number in INTERRUPTIONS:
        is_ctrl_c = number == signal.SIGINT
        signal.signal(number, signal.default_int_handler if is_ctrl_c else signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(order.environment)
    os.dup2(out, 1)
    os.dup2(err, 2)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.closerange(3, 1024)
    if order.terminal:
        fcntl.ioctl(1, termios.TIOCSCTTY, 0)
    # As the interpreter makes them at its start, when it has seen what they are.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    sys.argv = [str(Path("bench") / "__main__.py"), *order.words]
    for name, value in order.limits.items():
        kind = getattr(resource, name)
        resource.setrlimit(kind, (value, resource.getrlimit(kind)[1]))
