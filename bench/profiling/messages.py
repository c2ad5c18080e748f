"""What one worker timed: the raw seconds of each call of a layer, and of what is made of them."""

from typing import Annotated, Literal

import msgspec

from bench.core.result import Scalar

#: `layer` is one call of one layer in the model, `model` all of them in one, `optimizer` its update
#: of all weights, `fit` the whole training step, and `empty` the call of a layer that does nothing.
ProfiledScope = Literal["layer", "model", "optimizer", "fit", "empty"]
#: `gradient` is the forward pass and the gradient behind it; a step trains once and updates once.
Direction = Literal["forward", "gradient", "update", "step"]

_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The seconds of each repetition of one direction, or a `reason` why there are none.

    `index` counts the calls of layers in their order. `shared_with` names the layers of other calls
    that do the same work: equal layers but for their names and weights, called with equal shapes.
    `inputs` holds the shapes and types of its tensors, `gradient_of` that of which a training step
    needs the gradient: `weights`, `inputs`, both or nothing.
    """

    scope: ProfiledScope
    direction: Direction
    index: int = 0
    name: str
    layer_class: str
    shared_with: tuple[str, ...] = ()
    inputs: str = ""
    gradient_of: str = ""
    seconds: tuple[_Seconds, ...] = ()
    reason: str | None = None

    def __post_init__(self) -> None:
        """Refuse a timing that has neither seconds nor a reason, or both."""
        if bool(self.seconds) == (self.reason is not None):
            raise ValueError(f"{self.name} must have either seconds or a reason")

    @property
    def calls(self) -> int:
        """How many calls in a step do this work."""
        return 1 + len(self.shared_with)


class ProfileReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a worker writes: its timings and the settings they were taken with, or a `reason`."""

    timings: tuple[Timing, ...] = ()
    settings: dict[str, Scalar] = {}
    reason: str | None = None
