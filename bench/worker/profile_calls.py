"""The calls of a model's layers in one step: what each of them was really given."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras


class LayerCall:
    """One call of a layer, or of an operation, that can be made again with other tensors.

    `tensors` are those among its arguments, `differentiated` the places of the ones of which a
    training step needs the gradient: floating ones that depend on a weight.
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
        """Call the layer as it was called, with `tensors` in place of its own."""
        args, options = self._arguments(tensors)
        return self.layer(*args, **options)

    def stateless(self, trainable: Any, rest: Any, tensors: Sequence[Any]) -> Any:
        """Return the outputs and the new values of the `rest` of the layer's variables."""
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
        """The layer's other variables: moving statistics, seeds."""
        return list(getattr(self.layer, "non_trainable_variables", ()))

    @property
    def inputs(self) -> str:
        """The shapes and types of the tensors, as `64x30x30x16 float32`."""
        texts = (f"{'x'.join(map(str, t.shape)) or 'scalar'} {_dtype(t)}" for t in self.tensors)
        return ", ".join(texts)

    @property
    def gradient_of(self) -> str:
        """Of what a training step needs the gradient: `inputs and weights`, one of them or ''."""
        found = [(self.differentiated, "inputs"), (self.trainable, "weights")]
        return " and ".join(name for some, name in found if some)

    @property
    def work(self) -> tuple[str, ...]:
        """What is equal of two calls that do the same work with other weights."""
        kind = type(self.layer)
        try:
            config = json.dumps(_nameless(self.layer.get_config()), sort_keys=True)
        except Exception:  # a user's layer, or an operation, that cannot tell its configuration
            config = str(id(self.layer))
        variables = str([tuple(variable.shape) for variable in (*self.trainable, *self.rest)])
        name = f"{kind.__module__}.{kind.__qualname__}"
        return name, config, variables, self._others, self.inputs, self.gradient_of


def _nameless(config: Any) -> Any:
    """Return a configuration without the names in it."""
    if isinstance(config, dict):
        return {key: _nameless(value) for key, value in config.items() if key != "name"}
    return [_nameless(each) for each in config] if isinstance(config, list | tuple) else config


def same_calls(calls: Sequence[LayerCall]) -> list[list[LayerCall]]:
    """Return the calls in groups that do the same work, in the order of their first."""
    groups: dict[tuple[str, ...], list[LayerCall]] = {}
    for call in calls:
        groups.setdefault(call.work, []).append(call)
    return list(groups.values())


def is_floating(value: Any) -> bool:
    """Return whether a value is a tensor of which there can be a gradient."""
    return keras.ops.is_tensor(value) and "float" in _dtype(value)


def _dtype(tensor: Any) -> str:
    return keras.backend.standardize_dtype(tensor.dtype)


def graph_layers(model: Any) -> list[Any]:
    """Return the layers and operations of a model as its user sees them, each once.

    Sequential and functional models inside are opened; any other layer is one, whatever it has
    inside. A model that is a subclass has its direct layers.
    """
    graph = getattr(model, "_functional", None) or model
    inner = getattr(graph, "operations", None)
    if inner is None:
        inner = model._flatten_layers(include_self=False, recursive=False)
    found: dict[int, Any] = {}
    for layer in inner:
        opened = graph_layers(layer) if _is_graph(layer) else [layer]
        found |= {
            id(each): each for each in opened if not isinstance(each, keras.layers.InputLayer)
        }
    return list(found.values())


def _is_graph(layer: Any) -> bool:
    return isinstance(layer, keras.Sequential) or hasattr(layer, "_nodes_by_depth")


def record_calls(model: Any, inputs: Any) -> list[LayerCall]:
    """Return every call of a layer in one forward pass of a training step, in order."""
    found: list[LayerCall] = []
    with _tapped(graph_layers(model), found):
        model(inputs, training=True)
    return found


@contextmanager
def _tapped(layers: list[Any], found: list[LayerCall]) -> Iterator[None]:
    depends = _Dependence()
    calls = [layer.call for layer in layers]
    for layer, call in zip(layers, calls, strict=True):
        object.__setattr__(layer, "call", _tap(layer, call, found, depends))
    try:
        yield
    finally:
        for layer, call in zip(layers, calls, strict=True):
            object.__setattr__(layer, "call", call)


def _tap(layer: Any, call: Any, found: list[LayerCall], depends: "_Dependence") -> Any:
    def tap(*arguments: Any, **options: Any) -> Any:
        given = [t for t in keras.tree.flatten((arguments, options)) if keras.ops.is_tensor(t)]
        places = [at for at, t in enumerate(given) if is_floating(t) and depends.on_weights(t)]
        output = call(*arguments, **options)
        recorded = LayerCall(layer, (arguments, options), places)
        found.append(recorded)
        depends.add(keras.tree.flatten(output), bool(places or recorded.trainable))
        return output

    return tap


class _Dependence:
    """Which tensors of a forward pass depend on a weight: a step needs no gradient of the others.

    A tensor that no layer gave as it is (a cast makes another) is taken to depend on all before it.
    """

    def __init__(self) -> None:
        self._known: dict[
            int, tuple[Any, bool]
        ] = {}  # with the tensor, so that its id stays its own
        self._any = False

    def on_weights(self, tensor: Any) -> bool:
        return self._known.get(id(tensor), (tensor, self._any))[1]

    def add(self, outputs: list[Any], depend: bool) -> None:
        self._known |= {id(output): (output, depend) for output in outputs}
        self._any = self._any or depend
