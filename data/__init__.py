"""Datasets as NumPy arrays, prepared once into memory-mapped files; imports no framework."""
