"""The gate's own proof: how often its verdicts are wrong, simulated and measured."""
