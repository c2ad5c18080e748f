"""Is what lies in a reports folder whole? What is not is set aside, and never deleted."""
