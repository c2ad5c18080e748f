"""What the shell sees of the commands that measure and report."""

from enum import IntEnum


class Exit(IntEnum):
    """The exit code of a command; a verdict has a status of its own (`bench.regression.gate_status`)."""

    OK = 0
    CELLS_FAILED = 1
    USAGE = 2
    BUSY = 3
    STORE = 4
    INTERRUPTED = 130
