"""The harness: the only code that orchestrates, times, stores and judges."""

__version__ = "0.2.0.dev0"
