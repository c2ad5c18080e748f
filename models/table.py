"""The one table of workloads: a recipe each, and where its builder is; imports no framework."""

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a workload is trained: Keras identifiers, a batch size and a number of epochs."""

    optimizer: str = "adam"
    loss: str = "categorical_crossentropy"
    metrics: tuple[str, ...] = ("accuracy",)
    batch_size: int = 64
    epochs: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A model builder plus its training recipe.

    `builder` is `module:function`; the function takes `input_shape` (height, width, channels) and
    `classes` and returns an uncompiled `keras.Model`. `parameters` and `trainable_parameters` are
    counts at `input_shape=(32, 32, 3)`, `classes=10`. `accuracy_floor` maps a dataset to the
    val_accuracy (0 to 1) under which the last epoch of a full run is a defect.
    """

    builder: str
    summary: str
    parameters: int
    trainable_parameters: int
    accuracy_floor: MappingProxyType[str, float]
    recipe: Recipe = field(default_factory=Recipe)


#: The recipe of a user's own builder (`FILE.py:FUNCTION`) whose model comes uncompiled.
DEFAULT_RECIPE: Final = Recipe()

WORKLOADS: Final = MappingProxyType(
    {
        "lab_baseline": Workload(
            builder="models.lab:build_baseline",
            summary="two pairs of 3x3 convolutions, one dense layer (the lab's baseline)",
            parameters=24_666,
            trainable_parameters=24_666,
            accuracy_floor=MappingProxyType({"digits": 0.90, "cifar10": 0.61}),
        ),
        "lab_deep": Workload(
            builder="models.lab:build_deep",
            summary="three VGG blocks with BatchNormalization and Dropout (the lab's deep model)",
            parameters=552_874,
            trainable_parameters=551_722,
            accuracy_floor=MappingProxyType({"digits": 0.90, "cifar10": 0.71}),
        ),
    }
)
