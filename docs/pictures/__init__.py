"""Drawings in SVG, made from text; inside a page they follow its light or dark theme."""
