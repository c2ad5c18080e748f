"""Any two runs, cell by cell: `python -m bench compare`."""
