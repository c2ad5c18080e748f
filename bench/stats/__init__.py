"""Numbers in, numbers out: intervals, tests and estimates."""
