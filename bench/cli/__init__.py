"""The work of the commands of `python -m bench`; what their exit codes are, `bench.cli.main` decides."""
