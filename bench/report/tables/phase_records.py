"""A record per phase of a user's own training, so that every table works on phases unchanged."""

from collections.abc import Sequence

import msgspec

from bench.core.record import Record
from bench.core.result import Epoch, Result, TrainingPhase


class PhaseResult(Result, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The result of one phase; a phase of the user's own code has no epochs."""

    def __post_init__(self) -> None:
        """Check nothing: the phase's own constructor did."""


class PhaseRecord(Record, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One phase of a launch, in the form of a record whose cell is the whole launch.

    `phase` is its name, and `training_phase` what was measured, None in a launch that failed.
    `number` counts the phases of the launch from 0.
    """

    phase: str
    number: int
    training_phase: TrainingPhase | None

    def __post_init__(self) -> None:
        """Check nothing: the launch's own constructor did."""


def phase_of(record: Record) -> str | None:
    """Return the name of the phase that a record stands for, None for a whole launch."""
    return record.phase if isinstance(record, PhaseRecord) else None


def training_phase_of(record: Record) -> TrainingPhase | None:
    """Return what was measured of a record's phase; None for a whole launch and a failed one."""
    return record.training_phase if isinstance(record, PhaseRecord) else None


def is_first(record: Record) -> bool:
    """Return whether a record is a launch, or the first phase of one: to count launches."""
    return not isinstance(record, PhaseRecord) or record.number == 0


def is_script_phase(record: Record) -> bool:
    """Return whether a record stands for the user's own code between the calls of Keras."""
    phase = training_phase_of(record)
    return phase is not None and phase.method == "script"


def phase_records(record: Record, failed: Sequence[str] = ()) -> list[Record]:
    """Return a record per phase, with the phase's epochs and facts as those of its result.

    A record without phases, and one that stands for a phase already, is returned alone. A failed
    launch has no phases of its own, so it stands for each name in `failed`.
    """
    if isinstance(record, PhaseRecord):
        return [record]
    if record.result is None:
        return [_phase_record(record, name, n, None) for n, name in enumerate(failed)] or [record]
    phases = record.result.phases
    return [_phase_record(record, p.name, n, p) for n, p in enumerate(phases)] or [record]


def with_phases(records: Sequence[Record]) -> list[Record]:
    """Return `phase_records` of all, in order.

    A failed launch stands for every phase of the other launches of its cell on its backend, or, if
    there are none, on any backend.
    """
    names: dict[tuple[object, ...], dict[str, None]] = {}
    for record in records:
        phases = record.result.phases if record.result else ()
        own = [phase.name for phase in phases] or [name for name in [phase_of(record)] if name]
        for key in _keys(record) if own else ():
            names.setdefault(key, {}).update(dict.fromkeys(own))
    if not names:
        return list(records)
    return [
        each
        for record in records
        for known in [next((names[key] for key in _keys(record) if key in names), {})]
        for each in phase_records(record, tuple(known))
    ]


def _keys(record: Record) -> tuple[tuple[object, ...], ...]:
    """Return the keys of launches with the same phases, the nearest first."""
    return (record.cell.backend, *record.cell.comparison_key), record.cell.comparison_key


def _phase_record(
    record: Record, name: str, number: int, phase: TrainingPhase | None
) -> PhaseRecord:
    result = None if record.result is None or phase is None else _result(record.result, phase)
    fields = {**msgspec.structs.asdict(record), "result": result}
    return PhaseRecord(**fields, phase=name, number=number, training_phase=phase)


def _result(launch: Result, phase: TrainingPhase) -> PhaseResult:
    """Return the result of a phase: its own numbers, and the launch's where it has none."""
    own = {
        "epochs": _epochs(phase),
        "phases": (),
        "first_step_seconds": phase.first_step_seconds,
        "fit_seconds_total": phase.seconds,
        "setup_seconds": phase.setup_seconds,
        "teardown_seconds": phase.teardown_seconds,
        "train_images": phase.train_images,
        "validation_images": phase.validation_images,
        "parameters": phase.parameters,
        "trainable_parameters": phase.trainable_parameters,
        "forward_macs": None,
        "latency_seconds": (),
        "detail": None,
    }
    return PhaseResult(**{**msgspec.structs.asdict(launch), **own})


def _epochs(phase: TrainingPhase) -> tuple[Epoch, ...]:
    """Return the epochs; the logs of `evaluate` are those of validation, and named so."""
    if phase.method != "evaluate":
        return phase.epochs
    return tuple(
        msgspec.structs.replace(
            epoch,
            logs={
                name if name.startswith("val_") else f"val_{name}": value
                for name, value in epoch.logs.items()
            },
        )
        for epoch in phase.epochs
    )
