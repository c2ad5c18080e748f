"""Validation of the gate: the error rates of its verdicts, simulated and measured."""
