"""`python -m bench.worker.parity TASK.json`: the results of this backend, stage by stage.

Only Keras is called, through the training steps of `fit`. Gradients are obtained by an optimizer
that keeps them instead of applying them.
"""

import sys
import traceback
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec
import numpy as np

from bench.parity.messages import Task, read_worker_arrays
from bench.stats.norms import error_of, size_of
from bench.worker.activations import has_call, layer_outputs, leaf_layers, to_numpy
from bench.worker.backend import Backend, import_backend
from bench.worker.entry import die_with_parent, one_sentence
from bench.worker.parity_batches import allow_float64
from bench.worker.process_info import Phases

_Arrays = dict[str, Any]
#: The allowed difference of two equal models' outputs, relative to their size: far above rounding
#: and far below the effect of a random mask.
_REPEATED = 1e-3


class RandomnessError(Exception):
    """A model is random even with its rates at 0, so that backends cannot be compared."""


def _main(path: str) -> None:
    """Write the arrays of the task in `path`, or the reason of a failure in one sentence."""
    die_with_parent()
    task = msgspec.json.decode(Path(path).read_bytes(), type=Task)
    try:
        arrays = _certify(task, import_backend(task.job, Phases(perf_counter())))
    except (
        Exception
    ) as error:  # any error of user code or of a framework is a failure of this worker
        traceback.print_exc()
        arrays = {"failure": _text(one_sentence(error))}
    np.savez(task.arrays_path, **arrays)


def _certify(task: Task, backend: Backend) -> _Arrays:
    """Return the arrays of all stages, named STAGE/NUMBER:NAME, in the order of the model."""
    import keras

    keras.config.set_floatx(task.precision)
    keras.config.set_dtype_policy(task.precision)
    if task.precision == "float64":
        allow_float64()
    from bench.worker.flops import forward_macs
    from bench.worker.input_pipeline import make_feed
    from bench.worker.parity_inputs import ParityInputs
    from bench.worker.parity_training import gradients, refuse_incomparable, training
    from bench.worker.resolved_settings import resolved_settings

    inputs = ParityInputs(task)
    model = inputs.make()
    refuse_incomparable(model)
    arrays: _Arrays = {} if has_call(model) else structure(model, [])
    for stage, is_training in (("inference", False), ("training", True)):
        if not has_call(model):
            continue  # its layers are called by its training step alone
        model = inputs.make()
        outputs = layer_outputs(model, inputs.first.x, is_training)
        if is_training:
            _refuse_randomness(outputs, layer_outputs(inputs.make(), inputs.first.x, is_training))
        arrays |= {f"{stage}/{index:03}:{name}": o for index, (name, o) in enumerate(outputs)}
        if not is_training:
            arrays |= structure(model, outputs)
    arrays |= gradients(inputs.make(), inputs.first)
    model = inputs.make()  # one for all training, because each model would be compiled again
    arrays |= training(model, task, inputs.batches)
    arrays |= evaluation(model, task, inputs)
    feed = make_feed(task.job.cell, inputs.all)
    settings = {
        **resolved_settings(model, feed, backend, task.job.target),
        "parameters": model.count_params(),
        "forward_macs": forward_macs(model)[0],
    }
    return arrays | {"settings": _text(msgspec.json.encode(settings).decode())}


def _refuse_randomness(first: list[tuple[str, Any]], second: list[tuple[str, Any]]) -> None:
    """Raise RandomnessError if equal models give different training outputs for equal inputs."""
    for (name, output), (_, again) in zip(first, second, strict=True):
        if not error_of(output, again) <= _REPEATED * size_of(output):
            raise RandomnessError(
                f"the layer {name} draws random numbers in training and has no Keras rate that "
                "could be set to 0"
            )


def structure(model: Any, outputs: list[tuple[str, Any]]) -> _Arrays:
    """Return the shapes of each layer's variables and of its output, in the order of the calls.

    Variables that belong to no called layer come last.
    """
    remaining = {variable.path: variable.shape for variable in model.weights}
    owned = {layer.name: layer.weights for layer in leaf_layers(model)}
    shapes: list[tuple[str, Any]] = []
    for name, output in outputs:
        paths = [variable.path for variable in owned[name] if variable.path in remaining]
        shapes += [(path, remaining.pop(path)) for path in paths]
        shapes.append((f"output of {name}", output.shape))
    return {
        f"structure/{index:03}:{name}": np.array(shape, dtype=np.int64)
        for index, (name, shape) in enumerate([*shapes, *remaining.items()])
    }


def evaluation(model: Any, task: Task, inputs: Any) -> _Arrays:
    """Return the predictions with the trained weights on test images, and a classifier's accuracy.

    If the trained weights have another structure, the initial weights are evaluated.
    """
    import keras

    from bench.worker.parity_inputs import PREDICTED_AT_ONCE

    arrays: _Arrays = {}
    if task.trained_path:
        trained = list(read_worker_arrays(Path(task.trained_path)).stage("trained").values())
        if [array.shape for array in trained] == [tuple(v.shape) for v in model.weights]:
            for variable, array in zip(model.weights, trained, strict=True):
                variable.assign(array.astype(np.float32))
    else:
        for batch in inputs.batches[: task.trained_steps]:
            model.train_on_batch(**batch.arguments)
        for index, variable in enumerate(model.weights):
            # Rounded to float32, so that every worker evaluates identical weights.
            variable.assign(to_numpy(variable).astype(np.float32))
            arrays[f"trained/{index:03}:{variable.path}"] = to_numpy(variable)
    if not has_call(model):
        return arrays
    size = PREDICTED_AT_ONCE
    outputs = keras.tree.flatten(model.predict(inputs.test.x, batch_size=size, verbose=0))
    for index, predictions in enumerate(outputs):
        arrays[f"evaluation/{index:03}:predictions"] = np.asarray(predictions)
    if inputs.labels is not None and len(outputs) == 1 and outputs[0].ndim == 2:
        right = outputs[0].argmax(axis=-1) == inputs.labels
        arrays["evaluation/001:val_accuracy"] = np.float64(right.mean())
    return arrays


def _text(text: str) -> Any:
    return np.frombuffer(text.encode(), dtype=np.uint8)


if __name__ == "__main__":
    _main(sys.argv[1])
