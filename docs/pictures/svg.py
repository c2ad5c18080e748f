"""Shapes of a drawing: elements of SVG, coloured by the classes of site.css."""

from collections.abc import Sequence
from html import escape
from typing import Final

#: The class of a text upon a coloured rectangle: light on the dark colours, dark on the light.
_ON: Final = {"jax": "light", "tensorflow": "dark", "torch": "dark", "a": "light", "b": "light"}


def drawing(width: int, height: int, title: str, shapes: Sequence[str]) -> str:
    """Return a whole drawing, `width` by `height` units, that shrinks with its page.

    `title` is what a screen reader reads in its place.
    """
    return "\n".join(
        [
            f'<figure class="picture"><svg viewBox="0 0 {width} {height}" role="img" '
            f'style="max-width:{width}px" aria-label="{escape(title)}">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto">',
            '<path class="tip" d="M0 0 L8 4 L0 8 z"/></marker></defs>',
            *shapes,
            "</svg></figure>",
            "",
        ]
    )


def box(x: float, y: float, width: float, height: float, kind: str = "box") -> str:
    """Return a rectangle; `kind` is its class: `box`, `quiet`, `idle`, `good`, `a`, …"""
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="4"/>'


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "middle") -> str:
    """Return one line of text; `kind` may be `small`, `strong`, `light`, `dark`."""
    return f'<text class="{kind}" x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def labelled(
    x: float, y: float, width: float, height: float, words: str, kind: str = "box"
) -> list[str]:
    """Return a rectangle with one line in its middle."""
    on = _ON.get(kind, "")
    return [box(x, y, width, height, kind), text(x + width / 2, y + height / 2 + 4.5, words, on)]


def arrow(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a straight arrow from the first point to the second."""
    return f'<line class="arrow" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" marker-end="url(#tip)"/>'


def brace(x1: float, x2: float, y: float, words: str) -> list[str]:
    """Return a bracket below a stretch, with a line of text under it."""
    path = f"M{x1} {y} v6 H{x2} v-6"
    return [f'<path class="brace" d="{path}"/>', text((x1 + x2) / 2, y + 22, words, "small")]
