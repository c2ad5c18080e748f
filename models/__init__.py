"""One workload family per file; imports keras only, never bench."""
