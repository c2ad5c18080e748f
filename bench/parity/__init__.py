"""Do the backends compute the same function? Comparison, tolerance, certificate."""
