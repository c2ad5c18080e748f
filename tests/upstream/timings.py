"""The findings about speed: ratios that are measured in rounds, and how large they must be."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

#: What one round found: of each backend the numbers of the reproduction's JSON line.
Round = Mapping[str, Mapping[str, float]]


class Timing(NamedTuple):
    """A ratio, as it was `measured` once, and the least and the most that a test accepts."""

    script: str
    key: str
    meaning: str
    measured: float
    least: float = 0.0
    most: float = float("inf")

    @property
    def asserted(self) -> str:
        """The bound in words."""
        return f"at least {self.least:g}" if self.least else f"at most {self.most:g}"

    def agrees(self, ratio: float) -> bool:
        """Return whether `ratio` is within the bound."""
        return self.least <= ratio <= self.most


TIMINGS = (
    Timing(
        "depthwise_gradient",
        "gradient",
        "gradient of four depthwise convolutions, jax / tensorflow",
        measured=65,
        least=5,
    ),
    Timing(
        "depthwise_gradient",
        "step",
        "whole training step, jax / tensorflow",
        measured=42,
        least=5,
    ),
    Timing(
        "max_pooling_gradient",
        "gradient",
        "gradient of MaxPooling2D and a small Dense, jax / tensorflow",
        measured=13,
        least=3,
    ),
    Timing(
        "max_pooling_gradient",
        "forward",
        "forward pass of the same, jax / tensorflow",
        measured=0.19,
        most=1,
    ),
    Timing(
        "data_autotune_stall",
        "mean_wait",
        "mean wait for an epoch's first step, autotuning on / off",
        measured=4.9,
        least=2,
    ),
)


def gradient_ratios(rounds: Sequence[Round]) -> dict[str, float]:
    """Return the medians over `rounds` of jax / tensorflow: of the gradient, forward pass, step."""
    return {
        "gradient": median(_gradient(r["jax"]) / _gradient(r["tensorflow"]) for r in rounds),
        "forward": _ratio(rounds, "forward_seconds"),
        "step": _ratio(rounds, "step_seconds"),
    }


def stall_ratios(found: Mapping[str, float]) -> dict[str, float]:
    """Return the wait with autotuning over that without, of one TensorFlow process."""
    return {"mean_wait": found["mean_wait_tuned"] / found["mean_wait_untuned"]}


def unmet_timings(script: str, ratios: Mapping[str, float]) -> list[str]:
    """Return a sentence for each ratio of `script` that is out of its bound."""
    return [
        f"{script}: {timing.meaning} is {ratios[timing.key]:.3g}, expected {timing.asserted}"
        for timing in TIMINGS
        if timing.script == script and not timing.agrees(ratios[timing.key])
    ]


def timings_table(script: str) -> str:
    """Return the ratios of `script` as the Markdown table of its section on the page."""
    rows = [
        f"| {timing.meaning} | {timing.measured:g} | {timing.asserted} |"
        for timing in TIMINGS
        if timing.script == script
    ]
    return "\n".join(["| ratio | measured | asserted |", "| --- | ---: | --- |", *rows])


def _gradient(found: Mapping[str, float]) -> float:
    """Return the seconds that a training step takes beyond its forward pass."""
    return found["step_seconds"] - found["forward_seconds"]


def _ratio(rounds: Sequence[Round], key: str) -> float:
    return median(r["jax"][key] / r["tensorflow"][key] for r in rounds)
