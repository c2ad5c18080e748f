"""The harness: the only code that orchestrates, times, stores and judges."""
