"""Validation of the tool itself: error rates of gates, cost of the harness, scale of reports."""
