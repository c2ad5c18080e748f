"""The one colour and mark of each backend, in every figure and on the page."""

from typing import Final

#: Of the palette of Okabe and Ito ("Color universal design", 2008), which colour-blind readers can
#: tell apart; these three also differ in lightness and show on white and on black.
BACKEND_COLOURS: Final = {"jax": "#0072B2", "tensorflow": "#E69F00", "torch": "#009E73"}

#: Vega's names of the marks, so that no figure depends on colour alone.
BACKEND_SHAPES: Final = {"jax": "circle", "tensorflow": "square", "torch": "triangle-up"}

#: The parts of a launch in the order in which they begin, from dark to light (samples of
#: matplotlib's `magma`, whose lightness grows evenly), far from any backend's colour but the last.
PART_COLOURS: Final = (
    *("#51127C", "#752181", "#9B2E7F", "#C23B75"),
    *("#E55064", "#F9795D", "#FEA973"),
)
