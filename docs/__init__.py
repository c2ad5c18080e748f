"""The documentation: its pages, the generators of its reference, its pictures."""
