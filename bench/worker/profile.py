"""`python -m bench.worker.profile OUTPUT JOB.json`: the cost of each layer of a workload.

OUTPUT receives a `ProfileReport` as JSON.
"""

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from bench.core.job import Job
from bench.profiling.messages import ProfiledScope, ProfileReport, Timing
from bench.worker.activations import has_call
from bench.worker.backend import Backend, import_backend
from bench.worker.entry import die_with_parent, one_sentence
from bench.worker.process_info import Phases

#: The first call traces and compiles, the second one finds cold caches.
_WARM_UPS = 2
#: A pass is repeated for at least SECONDS in total, and between FEWEST and MOST times.
SECONDS = 0.2
MOST, FEWEST = 30, 5


def _measure(job: Job, backend: Backend) -> ProfileReport:
    """Return the timings of the job's workload on the first batches of its training data.

    Raises the errors of `build_model`.
    """
    import keras

    from bench.worker.input_pipeline import make_feed  # these modules import Keras
    from bench.worker.loaded_workload import LoadedWorkload
    from bench.worker.profile_timing import make_steps
    from bench.worker.resolved_settings import resolved_settings
    from bench.worker.split import repeated

    workload = LoadedWorkload(job)
    size = workload.cell.known_batch_size
    model = workload.build()

    def examples(batches: int) -> Any:
        return workload.examples(model, repeated(workload.training, batches * size))

    batch = keras.tree.map_structure(keras.ops.convert_to_tensor, examples(1).x)
    steps, gradients = make_steps(model, backend), dict[int, Any]()
    if has_call(model):
        model(batch, training=True)  # builds the model if its builder did not
        timings = list(_layers(model, batch, steps, gradients))
    else:
        timings = [_not_called(model)]
    feed = make_feed(workload.cell, examples(_WARM_UPS + _repetitions(timings)))
    timings.append(_step(model, feed))
    # The update comes last, because repeating the same gradients drives the weights far away.
    if model.optimizer is not None:  # None where the model's own `train_step` has its optimizers
        timings.append(_update(model, steps, gradients))
    settings = resolved_settings(model, feed, backend, job.target)
    return ProfileReport(timings=tuple(timings), settings=settings)


def _repetitions(timings: list[Timing]) -> int:
    """Return the number of steps that take about as long as the passes of the whole model."""
    counts = [
        len(row.seconds) for row in timings if (row.scope, row.direction) == ("model", "gradient")
    ]
    return max([FEWEST, *counts])


def _not_called(model: Any) -> Timing:
    reason = f"{type(model).__name__} has no `call`: its layers are called by its training step"
    facts = {"scope": "model", "name": model.name, "layer_class": type(model).__name__}
    return Timing(**facts, direction="forward", reason=reason)


def _layers(model: Any, batch: Any, steps: Any, gradients: dict[int, Any]) -> Iterator[Timing]:
    """Yield the timings of each layer, of the whole model and of an empty call.

    The gradients of the weights are added to `gradients`, by the ids of their variables.
    """
    import keras

    from bench.worker.profile_calls import LayerCall, equal_calls, record_calls

    calls = record_calls(model, batch)
    places = {id(call): place for place, call in enumerate(calls)}
    # Equal calls are timed once; the twelve equal blocks of a transformer would otherwise take
    # twelve times as long to compile and to time.
    for equal in equal_calls(calls):
        yield from _passes("layer", places[id(equal[0])], equal, steps, gradients)
    whole = LayerCall(model, ((batch,), {"training": True}))
    yield from _passes("model", 0, [whole], steps, {})
    identity = keras.layers.Identity(name="empty")
    tensor = keras.ops.zeros((1, 1))
    identity(tensor)
    yield from _passes("empty", 0, [LayerCall(identity, ((tensor,), {}), [0])], steps, {})


def _update(model: Any, steps: Any, gradients: dict[int, Any]) -> Timing:
    """Return the seconds of the optimizer's update of all weights."""
    optimizer, variables = model.optimizer, model.trainable_variables
    if not optimizer.built:
        optimizer.build(variables)
    given = [_gradient(variable, gradients) for variable in variables]
    facts = {"scope": "optimizer", "name": optimizer.name, "layer_class": type(optimizer).__name__}
    return _timing({**facts, "direction": "update"}, lambda: steps.update(model, given), steps)[0]


def _gradient(variable: Any, gradients: dict[int, Any]) -> Any:
    """Return the gradient kept from the timing of its layer; zeros if it has none."""
    import keras

    gradient = gradients.get(id(variable))
    return keras.ops.zeros_like(variable.value) if gradient is None else gradient


def _passes(
    scope: ProfiledScope, index: int, equal: list[Any], steps: Any, gradients: dict[int, Any]
) -> Iterator[Timing]:
    """Yield the timings of both passes of the first of several equal calls.

    Its gradients are kept for the weights of all of them.
    """
    call = equal[0]
    facts = {
        "scope": scope,
        "index": index,
        "name": call.layer.name,
        "layer_class": type(call.layer).__name__,
        "shared_with": tuple(other.layer.name for other in equal[1:]),
        "inputs": call.inputs,
        "gradient_of": call.gradient_of,
    }
    yield _timing({**facts, "direction": "forward"}, lambda: steps.forward(call), steps)[0]
    timing, result = _timing(
        {**facts, "direction": "gradient"}, lambda: steps.gradient(call), steps
    )
    yield timing
    if result is not None and call.gradient_of:
        for each in equal:
            pairs = zip(each.trainable, result[0], strict=True)
            gradients.update({id(variable): gradient for variable, gradient in pairs})


def _timing(facts: dict[str, Any], make: Any, steps: Any) -> tuple[Timing, Any]:
    """Return the timing of the function that `make` returns (or a reason), and its result."""
    try:
        seconds, result = time_run(make(), steps.wait)
    except Exception as error:  # any error of a layer that cannot be called separately
        traceback.print_exc()
        return Timing(**facts, reason=one_sentence(error)), None
    return Timing(**facts, seconds=tuple(seconds)), result


def time_run(run: Any, wait: Any, clock: Any = perf_counter) -> tuple[list[float], Any]:
    """Return the seconds of each repetition of `run`, up to its computed result, and the result."""
    for _ in range(_WARM_UPS):
        wait(run())
    seconds: list[float] = []
    while len(seconds) < FEWEST or (len(seconds) < MOST and sum(seconds) < SECONDS):
        begin = clock()
        result = run()
        wait(result)
        seconds.append(clock() - begin)
    return seconds, result


def _step(model: Any, feed: Any) -> Timing:
    """Return the seconds of the steps of a real `fit` that waits after each step."""
    from bench.worker.callbacks import StepTimer

    timer = StepTimer()
    facts = {
        "scope": "fit",
        "direction": "step",
        "name": model.name,
        "layer_class": type(model).__name__,
    }
    try:
        model.fit(**feed.arguments, epochs=1, callbacks=[timer], verbose=0)
    except Exception as error:  # any error of the loss or the metrics; the layers are timed
        traceback.print_exc()
        return Timing(**facts, reason=one_sentence(error))
    return Timing(**facts, seconds=tuple(timer.step_seconds[0][_WARM_UPS:]))


def _main(output: str, path: str) -> None:
    """Write the report of the job in `path`, or the reason of a failure in one sentence."""
    die_with_parent()
    job = msgspec.json.decode(Path(path).read_bytes(), type=Job)
    try:
        measured = _measure(job, import_backend(job, Phases(perf_counter())))
    except Exception as error:  # any error of user code or of a framework fails this worker
        traceback.print_exc()
        measured = ProfileReport(reason=one_sentence(error))
    Path(output).write_bytes(msgspec.json.encode(measured))


if __name__ == "__main__":
    _main(*sys.argv[1:])
