"""The background load of the gate's validation is a process and ends."""

from validation.gate.background_load import half_load


def test_half_a_load_ends_with_its_block() -> None:
    with half_load(1, "pair 0"):
        pass
