"""The exit codes of all commands."""

from enum import IntEnum
from typing import Final


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
    NOT_COMPARED = 15
    INTERRUPTED = 130


#: What each code means to a caller; the reference of the documentation prints it.
EXIT_MEANINGS: Final = {
    ExitCode.OK: "success: every cell has its record, the comparison was made, the gate passed",
    ExitCode.CELLS_FAILED: (
        "at least one cell failed or could not start; the others are complete and stored"
    ),
    ExitCode.USAGE: (
        "nothing could run: an argument, suite, dataset or interpreter is wrong, two runs cannot "
        "be compared, or a run or cell is unknown"
    ),
    ExitCode.BUSY: "another timing run holds this machine",
    ExitCode.STORE: (
        "the reports folder or standard output cannot be read or written, the operating system "
        "refused a request, or `check-store` found a damaged file"
    ),
    ExitCode.REGRESSED: "`regressed`: the candidate is slower than the noise threshold allows",
    ExitCode.INCONCLUSIVE: "`inconclusive`: the measurements do not decide the question",
    ExitCode.INVALID: "`invalid`: the measurements cannot be trusted, with the reason",
    ExitCode.INACCURATE: "the candidate is less accurate than the baseline",
    ExitCode.DIFFERS: "the backends compute different functions",
    ExitCode.NOT_COMPARED: "no backends differ, and at least one could not be compared",
    ExitCode.INTERRUPTED: "interrupted by Ctrl-C or a signal; finished records are stored",
}
