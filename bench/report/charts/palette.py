"""The colour and mark of each backend, the same in every figure and on the page."""

from typing import Final

#: From the palette of Okabe and Ito ("Color universal design", 2008), which colour-blind readers
#: can distinguish. These three also differ in lightness and are visible on white and on black.
BACKEND_COLOURS: Final = {"jax": "#0072B2", "tensorflow": "#E69F00", "torch": "#009E73"}

#: The marks by their Vega names; with them no figure depends on colour alone.
BACKEND_SHAPES: Final = {"jax": "circle", "tensorflow": "square", "torch": "triangle-up"}

#: The colours of a launch's parts in the order of their start, from dark to light: samples of
#: matplotlib's `magma`, whose lightness increases evenly. All but the last are distant from the
#: colour of any backend.
PART_COLOURS: Final = (
    *("#51127C", "#752181", "#9B2E7F", "#C23B75"),
    *("#E55064", "#F9795D", "#FEA973"),
)
