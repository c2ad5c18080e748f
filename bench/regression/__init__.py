"""The gate: stored records against a baseline, and whether every expected cell was judged."""
