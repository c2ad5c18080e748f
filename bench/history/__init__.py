"""One cell over all runs: `python -m bench history`."""
