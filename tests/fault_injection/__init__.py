"""The fault table: what can go wrong, injected for real, and what the harness must do then.

`python -m tests.fault_injection` injects every fault and writes docs/faults.md.
"""
