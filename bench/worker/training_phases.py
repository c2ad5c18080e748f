"""The phases of a script: its calls of `fit`, `evaluate` and `predict`, and the time between."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from bench.core.result import Epoch, TrainingPhase

Method = Literal["fit", "evaluate", "predict", "script"]


class CallPlace(NamedTuple):
    """The file and the line in which a user's code calls a method."""

    file: str
    line: int


class MeasuredCall(NamedTuple):
    """One call of a method with its epochs; `seconds` is the time of the complete call.

    `facts` are further fields of TrainingPhase.
    """

    method: Method
    place: CallPlace | None
    seconds: float
    epochs: Sequence[Epoch] = ()
    first_step_seconds: float | None = None
    setup_seconds: float | None = None
    teardown_seconds: float | None = None
    facts: Mapping[str, Any] = MappingProxyType({})


class TrainingPhases:
    """Collects calls in their order; those of one method from one line become one phase."""

    def __init__(self) -> None:
        """Start without calls."""
        self._phases: dict[tuple[Method, CallPlace | None], TrainingPhase] = {}
        self._script_seconds = 0.0

    def __contains__(self, key: tuple[Method, CallPlace | None]) -> bool:
        """Return whether there is a call of this method from this line."""
        return key in self._phases

    def add_script(self, seconds: float) -> None:
        """Add time of the script's own code; it becomes a phase at the next call, or at the end."""
        self._script_seconds += seconds

    def add(self, call: MeasuredCall) -> None:
        """Add a call, and before it the time of the script's own code since the last one."""
        self._flush(call.place)
        self._merge(call)

    def finish(self) -> tuple[TrainingPhase, ...]:
        """Return all phases, the last one of them the script's own code before its end."""
        self._flush(None)
        return tuple(self._phases.values())

    def _flush(self, place: CallPlace | None) -> None:
        self._merge(MeasuredCall("script", place, self._script_seconds))
        self._script_seconds = 0.0

    def _merge(self, call: MeasuredCall) -> None:
        key = (call.method, call.place)
        if key in self._phases:
            self._phases[key] = _extended(self._phases[key], call)
            return
        number = 1 + sum(method == call.method for method, _ in self._phases)
        self._phases[key] = TrainingPhase(
            name=call.method if number == 1 else f"{call.method} {number}",
            method=call.method,
            line=call.place.line if call.place else None,
            seconds=call.seconds,
            epochs=_renumbered(call.epochs),
            first_step_seconds=call.first_step_seconds,
            setup_seconds=call.setup_seconds,
            teardown_seconds=call.teardown_seconds,
            **call.facts,
        )


def _extended(phase: TrainingPhase, call: MeasuredCall) -> TrainingPhase:
    """Return the phase with another call: its epochs follow, its seconds are added.

    The time of the first step is that of the first call.
    """
    return replace(
        phase,
        calls=phase.calls + 1,
        seconds=phase.seconds + call.seconds,
        epochs=_renumbered((*phase.epochs, *call.epochs)),
        setup_seconds=_sum(phase.setup_seconds, call.setup_seconds),
        teardown_seconds=_sum(phase.teardown_seconds, call.teardown_seconds),
    )


def _renumbered(epochs: Sequence[Epoch]) -> tuple[Epoch, ...]:
    return tuple(
        epoch if epoch.index == index else replace(epoch, index=index)
        for index, epoch in enumerate(epochs)
    )


def _sum(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first + second
