"""The timings of one worker: raw seconds of each layer call, the model, the optimizer and `fit`."""

from typing import Annotated, Literal

import msgspec

from bench.core.result import Scalar

#: `layer` is one call of one layer, `model` the whole model, `optimizer` its update of all weights,
#: `fit` the whole training step, and `empty` the call of a layer that does nothing.
ProfiledScope = Literal["layer", "model", "optimizer", "fit", "empty"]
#: `gradient` is the forward pass with the gradient; a `step` has one gradient and one update.
Direction = Literal["forward", "gradient", "update", "step"]

_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The seconds of each repetition of one direction, or the `reason` why there are none.

    `index` counts the calls of layers in their order. `shared_with` names the layers of other calls
    that do the same work: their layers differ only in names and weights, and their shapes are
    equal. `inputs` holds the shapes and types of the input tensors. `gradient_of` names the tensors
    whose gradient a training step needs: `weights`, `inputs`, both or none.
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
        """The number of calls in a step that do this work."""
        return 1 + len(self.shared_with)


class ProfileReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The result of a worker: its timings and their settings, or a `reason`."""

    timings: tuple[Timing, ...] = ()
    settings: dict[str, Scalar] = {}
    reason: str | None = None
