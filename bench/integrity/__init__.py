"""Integrity of a reports folder: damaged files are found and set aside, never deleted."""
