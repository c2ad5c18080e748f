"""The child side of a launch: the only package of bench that may import a framework."""
