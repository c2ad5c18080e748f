"""The exit codes of all commands."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of a command: how it ended, or from 10 on the verdict that it reached."""

    OK = 0
    CELLS_FAILED = 1
    USAGE = 2
    BUSY = 3
    STORE = 4
    REGRESSED = 10
    INCONCLUSIVE = 11
    INVALID = 12
    INACCURATE = 13
    DIFFERS = 14
    INTERRUPTED = 130
