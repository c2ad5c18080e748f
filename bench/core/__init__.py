"""The nouns: cells, suites, workloads, jobs, records, results; no I/O beyond reading a file."""
