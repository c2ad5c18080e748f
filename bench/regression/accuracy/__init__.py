"""Is a candidate less accurate? Verdicts over seeds."""
