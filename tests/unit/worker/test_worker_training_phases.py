"""Calls of a script become phases: names, lines, merging, and the time between."""

from typing import Any

from bench.core.result import Epoch
from bench.worker.training_phases import CallPlace, MeasuredCall, Method, TrainingPhases


def at(line: int, file: str = "/a/train.py") -> CallPlace:
    return CallPlace(file, line)


def fit(line: int, seconds: float = 2.0, epochs: int = 2, **more: Any) -> MeasuredCall:
    made = tuple(
        Epoch(index=n, warmup=n == 0, train_seconds=0.5, logs={"loss": 1.0}) for n in range(epochs)
    )
    return MeasuredCall("fit", at(line), seconds, made, **more)


def one_pass(method: Method, line: int) -> MeasuredCall:
    return MeasuredCall(method, at(line), 1.0, (Epoch(index=0, warmup=True, train_seconds=1.0),))


def test_phases_are_in_order_and_named_by_method():
    phases = TrainingPhases()
    phases.add_script(0.25)
    phases.add(fit(10))
    phases.add_script(0.5)
    phases.add(one_pass("evaluate", 11))
    phases.add(fit(12))
    phases.add_script(0.125)
    found = [(p.name, p.method, p.line, p.seconds, len(p.epochs)) for p in phases.finish()]
    assert found == [
        ("script", "script", 10, 0.25, 0),
        ("fit", "fit", 10, 2.0, 2),
        ("script 2", "script", 11, 0.5, 0),
        ("evaluate", "evaluate", 11, 1.0, 1),
        ("script 3", "script", 12, 0.0, 0),
        ("fit 2", "fit", 12, 2.0, 2),
        ("script 4", "script", None, 0.125, 0),
    ]


def test_a_script_without_calls_is_one_phase():
    phases = TrainingPhases()
    phases.add_script(1.0)
    phases.add_script(0.5)
    (phase,) = phases.finish()
    assert (phase.name, phase.line, phase.seconds, phase.calls) == ("script", None, 1.5, 1)


def test_calls_from_one_line_are_one_phase_whose_epochs_follow_each_other():
    phases = TrainingPhases()
    for number in range(3):
        phases.add_script(0.5)
        phases.add(
            fit(
                10,
                first_step_seconds=float(number + 1),
                setup_seconds=0.25,
                teardown_seconds=0.125,
                facts={"model": f"m{number}", "batch_size": 8},
            )
        )
    script, merged, end = phases.finish()
    assert (script.line, script.calls, script.seconds) == (10, 3, 1.5)
    assert (merged.name, merged.calls, merged.seconds) == ("fit", 3, 6.0)
    assert [epoch.index for epoch in merged.epochs] == list(range(6))
    assert merged.first_step_seconds == 1.0
    assert (merged.setup_seconds, merged.teardown_seconds) == (0.75, 0.375)
    assert (merged.model, merged.batch_size) == ("m0", 8)
    assert (end.line, end.calls) == (None, 1)


def test_methods_and_files_of_the_same_line_stay_apart():
    phases = TrainingPhases()
    phases.add(fit(10))
    phases.add(one_pass("predict", 10))
    phases.add(fit(10)._replace(place=at(10, "/a/helper.py")))
    names = [phase.name for phase in phases.finish() if phase.method != "script"]
    assert names == ["fit", "predict", "fit 2"]


def test_a_call_without_a_place_has_no_line_and_is_known_afterwards():
    phases = TrainingPhases()
    assert ("fit", None) not in phases
    phases.add(fit(1)._replace(place=None))
    assert ("fit", None) in phases
    assert [phase.line for phase in phases.finish()] == [None, None]
