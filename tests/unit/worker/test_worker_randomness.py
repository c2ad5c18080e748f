"""Layers that draw random numbers are named, in whatever depth they stand."""

from types import SimpleNamespace as Fake
from typing import Any

import pytest

from bench.worker.resolved_settings import stochastic_layers


def layer(name: str, generators: int = 0, **attributes: Any) -> Fake:
    return Fake(name=name, _seed_generators=["generator"] * generators, **attributes)


def model(*layers: Fake) -> Any:
    """Return a stand-in for a model, which Keras flattens itself."""
    return Fake(_flatten_layers=lambda include_self, recursive: [layer("model"), *layers])


@pytest.mark.parametrize(
    "random",
    [
        layer("drop", generators=1, rate=0.25),
        layer("noise", generators=1, stddev=0.1),
        layer("flip", generators=1),
        layer("lstm_cell", generators=1, dropout=0.0, recurrent_dropout=0.1),
    ],
    ids=lambda layer: layer.name,
)
def test_a_layer_with_a_seed_generator_is_named(random: Fake) -> None:
    assert stochastic_layers(model(layer("conv"), random)) == (random.name,)


@pytest.mark.parametrize(
    "steady",
    [
        layer("conv"),
        layer("drop", rate=0.0),
        layer("lstm_cell", generators=1, dropout=0.0, recurrent_dropout=0.0),
    ],
    ids=lambda layer: layer.name,
)
def test_a_layer_that_draws_nothing_is_not_named(steady: Fake) -> None:
    assert stochastic_layers(model(steady)) == ()


def test_names_are_sorted_and_come_once() -> None:
    drops = [layer(name, generators=1, rate=0.5) for name in ("b", "a", "b")]
    assert stochastic_layers(model(*drops)) == ("a", "b")
