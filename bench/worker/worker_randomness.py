"""Which layers draw random numbers while a model trains: these cannot be matched."""

from typing import Any

#: The rates of a layer or a cell that draws nothing when all of them are 0.
RATES = ("rate", "stddev", "dropout", "recurrent_dropout")


def stochastic_layers(model: Any) -> tuple[str, ...]:
    """Return the names of the layers of `model`, at any depth, that mask or alter at random.

    They are those that hold a seed generator, as every random layer of Keras does, unless all
    their rates are 0 (a recurrent cell holds one even then). Random numbers that a user's layer
    draws without a generator of its own cannot be seen.
    """
    layers = model._flatten_layers(include_self=True, recursive=True)
    return tuple(sorted({layer.name for layer in layers if _is_random(layer)}))


def _is_random(layer: Any) -> bool:
    if not layer._seed_generators:
        return False
    values = [getattr(layer, name, None) for name in RATES]
    rates = [value for value in values if isinstance(value, int | float)]
    return not rates or max(rates) > 0
