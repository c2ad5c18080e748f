"""Regression gates: a candidate against a baseline, with a verdict for every expected cell."""
