"""Where the wall time of one launch went, from the start of its process to the end."""

from typing import Final

from bench.core.record import Record
from bench.core.result import Result

#: The phases in the order in which they begin, each with its column of cells.csv.
PHASE_COLUMNS: Final = {
    "interpreter": "interpreter_seconds",
    "harness": "harness_seconds",
    "import": "import_seconds",
    "data open": "data_open_seconds",
    "build": "build_seconds",
    "setup": "setup_seconds",
    "first step": "first_step_seconds",
    "steps": "steps_seconds",
    "validation": "validation_seconds_total",
    "tail": "tail_seconds",
    "exit": "exit_seconds",
    "unattributed": "unattributed_seconds",
}


def phase_seconds(record: Record) -> dict[str, float]:
    """Return the seconds of each phase of PHASE_COLUMNS, in that order; they add up to the wall's.

    `steps` is all training but the first step, `tail` the ends of all epochs and of `fit`, and
    `unattributed` what no clock covers: below 0, two clocks overlap. A launch whose epochs have a
    single step has no phase `first step`; its training is all `steps`. Empty for a record without
    a result, or of version 1, which lacks most of the clocks.
    """
    result = record.result
    if result is None:
        return {}
    known = {
        "interpreter": record.interpreter_seconds,
        "harness": result.harness_seconds,
        "import": result.import_seconds,
        "data open": result.data_open_seconds,
        "build": result.build_seconds,
        "setup": result.setup_seconds,
        **_fit_seconds(result),
        "tail": _tail_seconds(result),
        "exit": record.exit_seconds,
    }
    phases = {name: seconds for name, seconds in known.items() if seconds is not None}
    if len(phases) < len(known):
        return {}
    return {**phases, "unattributed": record.wall_seconds - sum(phases.values())}


def _fit_seconds(result: Result) -> dict[str, float]:
    training = sum(epoch.train_seconds for epoch in result.epochs)
    validation = sum(epoch.validation_seconds or 0.0 for epoch in result.epochs)
    if result.first_step_seconds is None:
        return {"steps": training, "validation": validation}
    first = result.first_step_seconds
    return {"first step": first, "steps": training - first, "validation": validation}


def _tail_seconds(result: Result) -> float | None:
    tails = [epoch.tail_seconds for epoch in result.epochs]
    known = [seconds for seconds in (*tails, result.teardown_seconds) if seconds is not None]
    return sum(known) if len(known) == len(tails) + 1 else None
