"""Is the tool itself right? Error rates of the gate, cost of the harness, scale of reports."""
