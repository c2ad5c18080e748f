"""This machine: its facts, interpreters, environment, calibration, timing lock and signals."""
