"""The calls of a model's layers in one step, with their actual arguments."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras


class LayerCall:
    """One call of a layer, or of an operation, that can be repeated with other tensors.

    `tensors` are the tensors among its arguments. `differentiated` are the positions of those whose
    gradient a training step needs: floating tensors that depend on a weight.
    """

    def __init__(
        self, layer: Any, arguments: tuple[Any, Any], differentiated: Sequence[int] = ()
    ) -> None:
        """Take the layer and its positional and named arguments."""
        self.layer = layer
        self._structure = arguments
        self._flat = keras.tree.flatten(arguments)
        self._places = [at for at, each in enumerate(self._flat) if keras.ops.is_tensor(each)]
        others = (repr(each) for each in self._flat if not keras.ops.is_tensor(each))
        self._others = ", ".join(others)
        self.tensors = [keras.ops.stop_gradient(self._flat[place]) for place in self._places]
        self.differentiated = tuple(differentiated)
        for place in self._places:
            self._flat[place] = None

    def __call__(self, tensors: Sequence[Any]) -> Any:
        """Repeat the call with `tensors` in place of the recorded ones."""
        args, options = self._arguments(tensors)
        return self.layer(*args, **options)

    def stateless(self, trainable: Any, rest: Any, tensors: Sequence[Any]) -> Any:
        """Return the outputs, and the new values of the non-trainable variables `rest`."""
        args, options = self._arguments(tensors)
        if not isinstance(self.layer, keras.layers.Layer):
            return self.layer(*args, **options), []
        return self.layer.stateless_call(trainable, rest, *args, **options)

    def _arguments(self, tensors: Sequence[Any]) -> Any:
        flat = list(self._flat)
        for place, tensor in zip(self._places, tensors, strict=True):
            flat[place] = tensor
        return keras.tree.pack_sequence_as(self._structure, flat)

    @property
    def trainable(self) -> list[Any]:
        """The layer's trainable variables; an operation has none."""
        return list(getattr(self.layer, "trainable_variables", ()))

    @property
    def rest(self) -> list[Any]:
        """The layer's other variables, such as moving statistics and seeds."""
        return list(getattr(self.layer, "non_trainable_variables", ()))

    @property
    def inputs(self) -> str:
        """The shapes and types of the tensors, such as `64x30x30x16 float32`."""
        texts = (f"{'x'.join(map(str, t.shape)) or 'scalar'} {_dtype(t)}" for t in self.tensors)
        return ", ".join(texts)

    @property
    def gradient_of(self) -> str:
        """The gradients that a training step needs: `inputs and weights`, one of them, or ``."""
        kinds = [(self.differentiated, "inputs"), (self.trainable, "weights")]
        return " and ".join(name for some, name in kinds if some)

    @property
    def work(self) -> tuple[str, ...]:
        """A key that is equal for two calls that do the same work with different weights."""
        kind = type(self.layer)
        try:
            config = json.dumps(_nameless(self.layer.get_config()), sort_keys=True)
        except Exception:  # a user's layer, or an operation, without a configuration
            config = str(id(self.layer))
        variables = str([tuple(variable.shape) for variable in (*self.trainable, *self.rest)])
        name = f"{kind.__module__}.{kind.__qualname__}"
        return name, config, variables, self._others, self.inputs, self.gradient_of


def _nameless(config: Any) -> Any:
    """Return a configuration without the names in it."""
    if isinstance(config, dict):
        return {key: _nameless(value) for key, value in config.items() if key != "name"}
    return [_nameless(each) for each in config] if isinstance(config, list | tuple) else config


def equal_calls(calls: Sequence[LayerCall]) -> list[list[LayerCall]]:
    """Return the calls in groups that do the same work, in the order of their first calls."""
    groups: dict[tuple[str, ...], list[LayerCall]] = {}
    for call in calls:
        groups.setdefault(call.work, []).append(call)
    return list(groups.values())


def is_floating(value: Any) -> bool:
    """Return whether a value is a floating tensor, which can have a gradient."""
    return keras.ops.is_tensor(value) and "float" in _dtype(value)


def _dtype(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)


def graph_layers(model: Any) -> list[Any]:
    """Return the layers and operations of a model as its user sees them, each once.

    Inner Sequential and functional models are replaced by their layers. Any other layer counts as
    one, even if it contains others. For a subclassed model, its direct layers are returned.
    """
    graph = getattr(model, "_functional", None) or model
    inner = getattr(graph, "operations", None)
    if inner is None:
        inner = model._flatten_layers(include_self=False, recursive=False)
    layers: dict[int, Any] = {}
    for layer in inner:
        opened = graph_layers(layer) if _is_graph(layer) else [layer]
        layers |= {
            id(each): each for each in opened if not isinstance(each, keras.layers.InputLayer)
        }
    return list(layers.values())


def _is_graph(layer: Any) -> bool:
    return isinstance(layer, keras.Sequential) or hasattr(layer, "_nodes_by_depth")


def record_calls(model: Any, inputs: Any) -> list[LayerCall]:
    """Return every call of a layer in one forward pass of a training step, in order."""
    calls: list[LayerCall] = []
    with _recording_calls(graph_layers(model), calls):
        model(inputs, training=True)
    return calls


@contextmanager
def _recording_calls(layers: list[Any], calls: list[LayerCall]) -> Iterator[None]:
    depends = _Dependence()
    originals = [layer.call for layer in layers]
    for layer, call in zip(layers, originals, strict=True):
        object.__setattr__(layer, "call", _recorded_call(layer, call, calls, depends))
    try:
        yield
    finally:
        for layer, call in zip(layers, originals, strict=True):
            object.__setattr__(layer, "call", call)


def _recorded_call(layer: Any, call: Any, calls: list[LayerCall], depends: "_Dependence") -> Any:
    def run(*arguments: Any, **options: Any) -> Any:
        given = [t for t in keras.tree.flatten((arguments, options)) if keras.ops.is_tensor(t)]
        places = [at for at, t in enumerate(given) if is_floating(t) and depends.on_weights(t)]
        output = call(*arguments, **options)
        recorded = LayerCall(layer, (arguments, options), places)
        calls.append(recorded)
        depends.add(keras.tree.flatten(output), bool(places or recorded.trainable))
        return output

    return run


class _Dependence:
    """The tensors of a forward pass that depend on a weight; others need no gradient in a step.

    A tensor that is not the direct output of a layer, such as the result of a cast, is assumed to
    depend on all earlier outputs.
    """

    def __init__(self) -> None:
        # By id of the tensor, which is kept so that its id is not reused.
        self._known: dict[int, tuple[Any, bool]] = {}
        self._any = False

    def on_weights(self, tensor: Any) -> bool:
        return self._known.get(id(tensor), (tensor, self._any))[1]

    def add(self, outputs: list[Any], depend: bool) -> None:
        self._known |= {id(output): (output, depend) for output in outputs}
        self._any = self._any or depend
