"""What the reproductions measure: the numbers that the page states and the tests assert."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

REPRODUCTIONS = Path(__file__).parent / "reproductions"
BACKENDS = ("jax", "tensorflow", "torch")

#: The versions that the effects were measured with.
VERSIONS = {"keras": "3.15.1", "jax": "0.10.2", "tensorflow-cpu": "2.21.0", "torch": "2.13.0"}


class Expected(Protocol):
    """A number as the page states it, and whether a measured one agrees."""

    @property
    def text(self) -> str: ...

    def agrees(self, measured: float | None) -> bool: ...


class Exactly(NamedTuple):
    """A number with nothing random in it: agreement to `relative` of itself."""

    value: float
    relative: float = 1e-4

    @property
    def text(self) -> str:
        return f"{self.value:.6g}"

    def agrees(self, measured: float | None) -> bool:
        return measured is not None and math.isclose(
            measured, self.value, rel_tol=self.relative, abs_tol=1e-9
        )


class About(NamedTuple):
    """A rounding error: its size depends a little on the order of a sum."""

    value: float
    factor: float = 2.0

    @property
    def text(self) -> str:
        return f"about {self.value:.1g}"

    def agrees(self, measured: float | None) -> bool:
        return (
            measured is not None
            and self.value / self.factor <= measured <= self.value * self.factor
        )


class Below(NamedTuple):
    """A rounding error that is as small as it should be."""

    bound: float

    @property
    def text(self) -> str:
        return f"below {self.bound:.0g}"

    def agrees(self, measured: float | None) -> bool:
        return measured is not None and 0 <= measured < self.bound


class NotANumber(NamedTuple):
    """NaN, which a reproduction prints as null."""

    @property
    def text(self) -> str:
        return "NaN"

    def agrees(self, measured: float | None) -> bool:
        return measured is None


class Effect(NamedTuple):
    """One number of a reproduction's JSON line, on each backend."""

    script: str
    key: str
    meaning: str
    jax: Expected
    tensorflow: Expected
    torch: Expected

    def on(self, backend: str) -> Expected:
        """Return what is expected on `backend`."""
        expected: Expected = getattr(self, backend)
        return expected


_FINE = Below(1e-7)

EFFECTS = (
    Effect(
        "adam_embedding",
        "moment_of_repeated_row",
        "second moment of the row that was read twice",
        *(Exactly(0.009), Exactly(0.005), Exactly(0.009)),
    ),
    Effect(
        "adam_embedding",
        "moment_of_single_row",
        "second moment of the row that was read once",
        *(Exactly(0.016), Exactly(0.016), Exactly(0.016)),
    ),
    Effect(
        "adam_embedding",
        "step_of_repeated_row",
        "step of the row that was read twice, in learning rates",
        *(Exactly(1.0), Exactly(1.34163), Exactly(1.0)),
    ),
    Effect(
        "adam_embedding",
        "step_of_single_row",
        "step of the row that was read once, in learning rates",
        *(Exactly(1.0), Exactly(1.0), Exactly(1.0)),
    ),
    Effect(
        "crossentropy_clip",
        "loss",
        "loss of the logits 0 and 20 where the first is right",
        *(Exactly(16.1181), Exactly(20.0), Exactly(16.1181)),
    ),
    Effect(
        "crossentropy_clip",
        "gradient",
        "gradient of the right logit",
        *(Exactly(0.0), Exactly(-1.0), Exactly(0.0)),
    ),
    Effect(
        "average_pooling_same",
        "average_of_10_and_20",
        "average of 10, 20 and one padded value",
        *(Exactly(15.0), Exactly(15.0), Exactly(16.6667)),
    ),
    Effect(
        "average_pooling_same",
        "error_3x3_stride_2",
        "rms error, windows of 3×3 with strides of 2 on 12×12 pixels",
        *(_FINE, _FINE, Exactly(0.21117, 1e-3)),
    ),
    Effect(
        "average_pooling_same",
        "error_4x4_stride_1",
        "rms error, windows of 4×4 with strides of 1 on 12×12 pixels",
        *(_FINE, _FINE, Exactly(0.335604, 1e-3)),
    ),
    Effect(
        "average_pooling_same",
        "error_inside",
        "rms error of the windows that need no padding",
        *(_FINE, _FINE, _FINE),
    ),
    Effect(
        "bicubic_resize",
        "weight_at_0.25",
        "weight of a pixel at a distance of 0.25",
        *(Exactly(0.867188), Exactly(0.867188), Exactly(0.878906)),
    ),
    Effect(
        "bicubic_resize",
        "weight_at_1.25",
        "weight of a pixel at a distance of 1.25",
        *(Exactly(-0.0703125), Exactly(-0.0703125), Exactly(-0.105469)),
    ),
    Effect(
        "bicubic_resize",
        "difference_from_antialiased",
        "rms difference from the antialiased image, 12×12 to 20×17 pixels",
        *(_FINE, Exactly(0.000675, 0.05), Exactly(0.0849492, 1e-3)),
    ),
    Effect(
        "unit_normalization_zero",
        "gradient",
        "gradient at a row of zeros",
        *(NotANumber(), Exactly(1e12), NotANumber()),
    ),
    Effect(
        "batch_norm_mean",
        "error",
        "relative error of the mean of 16,384 pixels",
        *(_FINE, About(5e-7), _FINE),
    ),
    Effect(
        "batch_norm_variance",
        "error_at_mean_10",
        "relative error of the variance, mean 10 times the spread",
        *(_FINE, Below(1e-6), About(1e-5)),
    ),
    Effect(
        "batch_norm_variance",
        "error_at_mean_100",
        "relative error of the variance, mean 100 times the spread",
        *(_FINE, Below(1e-6), About(1e-3)),
    ),
    Effect(
        "bias_gradient",
        "error",
        "relative error of the gradient that 16,384 pixels share",
        *(_FINE, About(2e-6), _FINE),
    ),
)


def numeric_scripts() -> list[str]:
    """Return the names of the reproductions that measure numbers, in their order on the page."""
    return list(dict.fromkeys(effect.script for effect in EFFECTS))


def script_path(name: str) -> Path:
    """Return the file of the reproduction `name`."""
    return REPRODUCTIONS / f"{name}.py"


def unmet_effects(script: str, backend: str, measured: Mapping[str, float | None]) -> list[str]:
    """Return a sentence for each effect of `script` that `measured` does not show on `backend`."""
    return [
        f"{script} on {backend}: {effect.key} is {measured.get(effect.key)}, "
        f"expected {effect.on(backend).text}"
        for effect in EFFECTS
        if effect.script == script and not effect.on(backend).agrees(measured[effect.key])
    ]


def effects_table(script: str) -> str:
    """Return the effects of `script` as the Markdown table of its section on the page."""
    rows = [
        f"| {effect.meaning} | " + " | ".join(effect.on(b).text for b in BACKENDS) + " |"
        for effect in EFFECTS
        if effect.script == script
    ]
    return "\n".join(["| | jax | tensorflow | torch |", "| --- | ---: | ---: | ---: |", *rows])
