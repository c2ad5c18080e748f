"""Prepare datasets for a command; a user's function runs as a child with a timeout."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from bench.core.cell import OWN_DATA
from bench.runner.launch import read_tail
from bench.runner.worker_process import StartError, WorkerProcess
from data.child import ChildEnd
from data.errors import UserFunctionTimeoutError
from data.prepare import prepare

#: The longest time of a dataset function, and of one launch, unless `--timeout` gives another. No
#: cell of the suites takes so long on two cores: only a hang meets it.
DATASET_TIMEOUT_SECONDS: Final = 7200.0

#: The exit status that a shell returns for a command that cannot be run.
_NOT_STARTED: Final = 127

#: The length of the end of a function's standard error that is shown when it fails.
_SHOWN_BYTES: Final = 65_536

#: The messages of functions that timed out in this process, by the name of the dataset.
_TIMED_OUT: Final[dict[str, str]] = {}


def prepare_dataset(
    name: str,
    data_dir: Path | None = None,
    timeout_seconds: float = DATASET_TIMEOUT_SECONDS,
    cache_dir: Path | None = None,
) -> Path:
    """Return the prepared folder of the dataset `name` (see `data.prepare.prepare`).

    A user's dataset function is killed after `timeout_seconds`, and however it ends, none of its
    processes survive. A function that timed out is not run again for the next cell. Raises a
    DataError of one sentence.
    """
    if name in _TIMED_OUT:
        raise UserFunctionTimeoutError(_TIMED_OUT[name])
    run_child = partial(run_function, timeout_seconds=timeout_seconds)
    try:
        return prepare(name, data_dir=data_dir, cache_dir=cache_dir, run_child=run_child)
    except UserFunctionTimeoutError as error:
        _TIMED_OUT[name] = str(error)
        raise


def prepare_data(
    name: str, data_dir: Path | None, timeout_seconds: float = DATASET_TIMEOUT_SECONDS
) -> Path | None:
    """Return the prepared folder of a dataset; None for data that the workload makes itself."""
    return None if name == OWN_DATA else prepare_dataset(name, data_dir, timeout_seconds)


def run_function(
    command: Sequence[str], environment: Mapping[str, str], timeout_seconds: float
) -> ChildEnd:
    """Run the command of a dataset function and return how it ended.

    Its output goes to a file, so that a process that inherits the output cannot delay the return.
    """
    with tempfile.TemporaryFile() as errors:
        child = WorkerProcess(command, environment, errors, drop_stdout=True)
        try:
            with child:
                in_time = child.wait(timeout_seconds)
        except StartError as error:
            return ChildEnd(_NOT_STARTED, str(error), timeout_seconds)
        status = child.exit_status if in_time else None
        return ChildEnd(status, read_tail(errors, _SHOWN_BYTES), timeout_seconds)
