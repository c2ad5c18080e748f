"""The timed work of a layer, run on each backend in the way of `fit`.

The work is compiled where `fit` compiles (on JAX, and in TensorFlow's graphs) and eager elsewhere.
Each method of a class returns a function that does the work once; `wait` returns when the work is
done. The gradient is that of the sum of all outputs, each weighted with a fixed random number in
place of the gradient that a later layer would provide. The sum itself is not computed.
"""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import keras
import numpy as np

from bench.worker.backend import Backend
from bench.worker.profile_calls import LayerCall, is_floating

Run = Callable[[], Any]


class Steps(Protocol):
    """The work on one backend, as functions to be timed."""

    def forward(self, call: LayerCall) -> Run:
        """Return a function that makes the call as a training step does."""

    def gradient(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns gradients and outputs."""

    def update(self, model: Any, gradients: Sequence[Any]) -> Run:
        """Return a function that updates all trainable variables of the model."""

    def wait(self, result: Any) -> None:
        """Block until `result` is computed."""


def make_steps(model: Any, backend: Backend) -> Steps:
    """Return the work of the backend, compiled as `fit` would compile the model's step."""
    kinds: dict[str, Callable[[Any, Backend], Steps]] = {
        "jax": JaxSteps,
        "tensorflow": TensorFlowSteps,
        "torch": TorchSteps,
    }
    return kinds[backend.name](model, backend)


def weights_of_sum(outputs: Any) -> list[Any]:
    """Return a fixed random tensor for each floating output, with its shape and type."""
    generator = np.random.default_rng(0)
    return [
        keras.ops.convert_to_tensor(generator.normal(size=tuple(each.shape)), dtype=each.dtype)
        for each in _floating(outputs)
    ]


def _floating(outputs: Any) -> list[Any]:
    return [each for each in keras.tree.flatten(outputs) if is_floating(each)]


def _put(tensors: Sequence[Any], places: Sequence[int], values: Sequence[Any]) -> list[Any]:
    """Return the tensors with `values` at `places`."""
    replaced = list(tensors)
    for place, value in zip(places, values, strict=True):
        replaced[place] = value
    return replaced


class JaxSteps:
    """Pure functions of all variables they read and change, compiled by `jax.jit`."""

    def __init__(self, model: Any, backend: Backend) -> None:
        """Take from `model` whether its step is compiled."""
        self._jax = backend.framework
        self._is_compiled = model.jit_compile and not model.run_eagerly

    def _compile(self, function: Any, **options: Any) -> Any:
        return self._jax.jit(function, **options) if self._is_compiled else function

    def forward(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns outputs and the layer's new state."""
        state = _values(call.trainable), _values(call.rest)
        run = self._compile(call.stateless)
        return lambda: run(*state, call.tensors)

    def gradient(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns gradients, outputs and new state."""

        def step(trainable: Any, rest: Any, tensors: Any, weights: Any) -> Any:
            def outputs(trainable: Any, sources: Any) -> Any:
                given = _put(tensors, call.differentiated, sources)
                results, new = call.stateless(trainable, rest, given)
                return _floating(results), (results, new)

            sources = [tensors[place] for place in call.differentiated]
            _, pull, kept = self._jax.vjp(outputs, trainable, sources, has_aux=True)
            return *pull(weights), kept

        state = _values(call.trainable), _values(call.rest)
        if not call.gradient_of:
            forward = self.forward(call)
            return lambda: ([], forward())
        weights = weights_of_sum(call.stateless(*state, call.tensors)[0])
        run = self._compile(step)
        return lambda: run(*state, call.tensors, weights)

    def update(self, model: Any, gradients: Sequence[Any]) -> Run:
        """Return a function that updates donated copies of the variables, as `fit` does."""
        copy = self._jax.numpy.copy
        trainable = [copy(v.value) for v in model.trainable_variables]
        state = [copy(v.value) for v in model.optimizer.variables]
        apply = self._compile(model.optimizer.stateless_apply, donate_argnums=(0, 2))

        def run() -> Any:
            nonlocal trainable, state
            trainable, state = apply(state, gradients, trainable)
            return trainable, state

        return run

    def wait(self, result: Any) -> None:
        """Block until `result` is computed, because JAX returns arrays before that."""
        self._jax.block_until_ready(result)


class TensorFlowSteps:
    """TensorFlow graphs, with XLA where `fit` uses it."""

    def __init__(self, model: Any, backend: Backend) -> None:
        """Take from `model` how its step is compiled."""
        self._tensorflow = backend.framework
        self._is_on_gpu = backend.device.kind == "gpu"
        self._run_eagerly, self._jit_compile = model.run_eagerly, model.jit_compile

    def _compile(self, function: Any) -> Any:
        if self._run_eagerly:
            return function
        options = {"jit_compile": self._jit_compile, "reduce_retracing": True}
        return self._tensorflow.function(function, autograph=False, **options)

    def forward(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns the outputs."""
        run = self._compile(lambda tensors: call(tensors))
        return lambda: run(call.tensors)

    def gradient(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns gradients and outputs."""

        def step(tensors: Any, weights: Any) -> Any:
            sources = [tensors[place] for place in call.differentiated]
            with self._tensorflow.GradientTape() as tape:
                tape.watch(sources)
                outputs = call(tensors)
            targets = (_values(call.trainable), sources)
            gradients = tape.gradient(_floating(outputs), targets, output_gradients=weights)
            return *gradients, outputs

        if not call.gradient_of:
            forward = self.forward(call)
            return lambda: ([], forward())
        weights, run = weights_of_sum(call(call.tensors)), self._compile(step)
        return lambda: run(call.tensors, weights)

    def update(self, model: Any, gradients: Sequence[Any]) -> Run:
        """Return a function that updates the model's variables."""

        def step(gradients: Any) -> None:
            pairs = zip(gradients, model.trainable_variables, strict=True)
            model.optimizer.apply_gradients(pairs)

        run = self._compile(step)
        return lambda: run(list(gradients))

    def wait(self, result: Any) -> None:
        """Block until a GPU is idle; on a CPU, a call returns only when its work is done."""
        if self._is_on_gpu:
            self._tensorflow.test.experimental.sync_devices()


class TorchSteps:
    """Eager calls that record the graph for gradients, as in a training step."""

    def __init__(self, model: Any, backend: Backend) -> None:
        """Take from `model` whether its step is compiled."""
        self._torch = backend.framework
        self._is_on_gpu = backend.device.kind == "gpu"
        self._is_compiled = model.jit_compile and not model.run_eagerly

    def _compile(self, function: Any) -> Any:
        return self._torch.compile(function) if self._is_compiled else function

    def _tensors(self, call: LayerCall) -> list[Any]:
        tensors = [tensor.detach() for tensor in call.tensors]
        for place in call.differentiated:
            tensors[place].requires_grad_()
        return tensors

    def forward(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns the outputs."""
        tensors, run = self._tensors(call), self._compile(call)
        return lambda: run(tensors)

    def gradient(self, call: LayerCall) -> Run:
        """Return a function that makes the call; it returns gradients and outputs."""
        tensors, run = self._tensors(call), self._compile(call)
        count = len(call.trainable)
        sources = [*_values(call.trainable), *(tensors[place] for place in call.differentiated)]
        if not sources:
            return lambda: ([], run(tensors))
        weights = weights_of_sum(call(call.tensors))

        def step() -> Any:
            results = run(tensors)
            pairs = zip(_floating(results), weights, strict=True)
            outputs, factors = zip(*(pair for pair in pairs if pair[0].requires_grad), strict=True)
            gradients = self._torch.autograd.grad(outputs, sources, factors, allow_unused=True)
            return gradients[:count], gradients[count:], results

        return step

    def update(self, model: Any, gradients: Sequence[Any]) -> Run:
        """Return a function that updates the model's variables."""

        def run() -> None:
            with self._torch.no_grad():
                model.optimizer.apply(list(gradients), model.trainable_variables)

        return run

    def wait(self, result: Any) -> None:
        """Block until a GPU is idle; on a CPU, a call returns only when its work is done."""
        if self._is_on_gpu:
            self._torch.cuda.synchronize()


def _values(variables: Sequence[Any]) -> list[Any]:
    return [variable.value for variable in variables]
