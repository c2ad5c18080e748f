"""A user's whole script as a workload: run it as it is, and measure its training."""

import ast
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.core.job import Job
from bench.core.result import Result, Scalar, TrainingPhase
from bench.core.script import Script, parse_script
from bench.worker.backend import Backend
from bench.worker.launch_facts import phase_facts, process_facts
from bench.worker.process_info import Phases
from bench.worker.resolved_settings import process_settings
from bench.worker.script_process import ScriptError, run_as_main
from bench.worker.trainer_calls import TrainerCalls, wrapped_trainer
from data.local_imports import local_files


def run_script(job: Job, backend: Backend, phases: Phases) -> Result:
    """Run the script of a job and return the measurements since the start of `phases`.

    In the result, the phases hold the epochs. `fit_seconds_total` is the time of all its calls of
    `fit`, `evaluate` and `predict`, and `build_seconds` that of its own code between them. Raises
    ScriptError, ForkedEnd in a child that the script forked, or what the script raises.
    """
    script = parse_script(job.builder)
    imports_keras = _imports_keras(script)  # before the script can change its files
    calls = TrainerCalls(script.path.parent, phases, job.events_fd)
    with calls.measured():
        run_as_main(script)
    measured = calls.finish()
    if not imports_keras and all(phase.method == "script" for phase in measured):
        raise ScriptError(
            f"{script.path.name} uses nothing of Keras 3, so there is nothing to compare."
        )
    settings = {**calls.settings, **_settings(job, backend)}
    facts = process_facts(backend)
    phases.end("harness")
    return _result(measured, settings, facts, phases)


def _result(
    measured: tuple[TrainingPhase, ...],
    settings: dict[str, Scalar],
    facts: dict[str, Any],
    phases: Phases,
) -> Result:
    """Return the result of a script; what differs between its models is in its phases."""
    return Result(
        epochs=(),
        phases=measured,
        settings=settings,
        first_step_seconds=None,
        train_images=None,
        validation_images=None,
        parameters=None,
        trainable_parameters=None,
        **facts,
        **phase_facts(phases),
    )


def _settings(job: Job, backend: Backend) -> dict[str, Scalar]:
    """Return the settings of the process, and what the script or its user changed in it."""
    settings = process_settings(backend)
    if job.stand_ins:
        from bench.worker.stand_ins import stand_ins_used

        settings["stand_ins"] = ", ".join(stand_ins_used()) or "none used"
    asked = os.environ.get("KERAS_BACKEND", "")
    if asked not in ("", job.cell.backend):  # without an effect: Keras is imported by then
        settings["script_sets_backend"] = asked
    return settings


def _imports_keras(script: Script) -> bool:
    """Return whether the script, or a module next to it, names Keras 3 in an import or through TF.

    That is `import keras`, any package with `keras` in its name except `tf_keras`, and an attribute
    `keras`, as in `tf.keras`.
    """
    return any(_names_keras(path) for path in local_files(script.path))


def _names_keras(path: Path) -> bool:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # unknown; running it reports the error
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
    return any("keras" in name and "tf_keras" not in name for name in names)


class _FirstFit(BaseException):
    """Ends a script at its first `fit`; not an Exception, so that `except Exception` keeps it."""


def capture_first_fit(job: Job) -> tuple[Any, dict[str, Any]]:
    """Run the script of a job until its first `fit`, and return the model and the arguments.

    The arguments are those that the script gives, by the names of Keras's parameters, without the
    model itself; `fit` is not called. What the script does before it, is done: other calls are not
    measured. Keras must be imported with the backend of the job. Raises ScriptError if the script
    ends without a call of `fit`, ForkedEnd in a child that it forked, or what the script raises.
    """
    script = parse_script(job.builder)
    captured: list[tuple[Any, dict[str, Any]]] = []

    def capture(original: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
        arguments = dict(bound.arguments)
        captured.append((arguments.pop("self"), arguments))
        raise _FirstFit

    try:
        with wrapped_trainer({"fit": capture}):
            run_as_main(script)
    except (_FirstFit, Exception):
        # After its first fit, a script may fail in any way: it never sees the trained model.
        if not captured:
            raise
    if not captured:
        raise ScriptError(f"{script.path.name} never calls fit, so it shows no model.")
    return captured[0]
