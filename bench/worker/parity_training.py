"""The training that a certificate compares: gradients, the first update, and losses of steps.

Only Keras is called, through the training steps of `fit`. Gradients are obtained by an optimizer
that keeps them instead of applying them.
"""

from typing import Any

import keras
import numpy as np

from bench.parity.messages import Task
from bench.worker.activations import has_call, to_numpy
from bench.worker.resolved_settings import stochastic_layers
from bench.worker.split import Split

_Arrays = dict[str, Any]

#: The number of trajectories with different rounding, enough for one to show a rare jump.
ORDERS = 8
#: Keras's layers that change inputs randomly; they are switched off.
_ALTERS = "Random"


class NotComparableError(Exception):
    """A model whose training cannot be compared between backends, for the reason given."""


def refuse_incomparable(model: Any) -> None:
    """Raise NotComparableError for a model without one optimizer, or with random numbers left."""
    optimizers = {n: v for n, v in vars(model).items() if isinstance(v, keras.optimizers.Optimizer)}
    others = sorted(name for name, each in optimizers.items() if each is not model.optimizer)
    if others or not isinstance(model.optimizer, keras.optimizers.Optimizer):
        raise NotComparableError(
            f"{type(model).__name__} trains with optimizers of its own "
            f"({', '.join(others) or 'none is compiled'}), so its updates cannot be compared"
        )
    names = set(stochastic_layers(model)) - {
        layer.name
        for layer in model._flatten_layers()
        if type(layer).__name__.startswith(_ALTERS) and type(layer).__module__.startswith("keras.")
    }
    if names and not has_call(model):
        raise NotComparableError(
            f"{', '.join(sorted(names))} draws random numbers in training, which differ between "
            "backends"
        )


def gradients(model: Any, batch: Split) -> _Arrays:
    """Return the loss of a training step, and the gradient of each trainable variable.

    The optimizer is replaced where the model keeps it, because a class may have its own `compile`.
    Without a log `loss`, all logs of the step count as losses.
    """
    keeper = _Keeper(learning_rate=0.0, name="keeper")  # TensorFlow refuses a leading underscore
    keeper.build(model.trainable_variables)
    model.optimizer = keeper
    model.train_function = None
    logs = _logs(model.train_on_batch(**batch.arguments, return_dict=True))
    kept = {
        f"gradient/{index:03}:{variable.path}": to_numpy(gradient)
        for index, (variable, gradient) in enumerate(
            zip(model.trainable_variables, keeper.kept, strict=True)
        )
    }
    losses = {f"loss/{n:03}:{name}": np.float64(v) for n, (name, v) in enumerate(logs.items())}
    return losses | kept


class _Keeper(keras.optimizers.Optimizer):
    """Keeps gradients and changes no variable."""

    def build(self, variables: Any) -> None:
        """Create a variable for each gradient."""
        super().build(variables)
        self.kept = [self.add_variable_from_reference(v, "gradient") for v in variables]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Add up the gradient of a variable; TensorFlow gives that of an embedding in parts."""
        self.assign_add(self.kept[self._get_variable_index(variable)], gradient)


def training(model: Any, task: Task, batches: list[Split]) -> _Arrays:
    """Return the change of each variable in the first step, and the losses of the trajectories.

    The variables of the model and of its optimizer are restored.
    """
    model.optimizer.build(model.trainable_variables)
    start = [(v, to_numpy(v)) for v in (*model.weights, *model.optimizer.variables)]

    def restore() -> None:
        for variable, value in start:
            variable.assign(value)

    model.train_on_batch(**batches[0].arguments)
    update = {
        f"update/{index:03}:{variable.path}": to_numpy(variable).astype(np.float64) - old
        for index, (variable, old) in enumerate(start[: len(model.weights)])
    }
    restore()
    orders = ORDERS if task.precision == "float32" else 0
    losses = []
    for order in range(orders + 1):
        losses.append(trajectory(model, batches[: task.steps], order))
        restore()
    steps = {"steps/000:loss": np.array(losses[0]), "orders/000:loss": np.array(losses[1:])}
    return update | steps


def trajectory(model: Any, batches: list[Split], order: int) -> list[float]:
    """Return the loss of each step, with each batch's images permuted by `order` (0 keeps them).

    The function is the same, but sums are computed in a different order and round differently.
    """
    losses = []
    for batch in batches:
        rows = np.arange(batch.examples or 0)
        places = np.random.default_rng(order).permutation(rows) if order else rows
        logs = model.train_on_batch(**batch.take(places).arguments, return_dict=True)
        losses.append(next(iter(_logs(logs).values())))
    return losses


def _logs(logs: dict[str, Any]) -> dict[str, float]:
    """Return the loss of a step, or all of its logs where none has that name."""
    chosen = {"loss": logs["loss"]} if "loss" in logs else logs
    return {name: float(np.asarray(keras.ops.convert_to_numpy(v))) for name, v in chosen.items()}
