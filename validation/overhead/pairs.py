"""Two measurements side by side: one plain, one through the harness."""

from typing import Final, Literal

import msgspec

Kind = Literal["callbacks", "launch"]

PLAIN_FIRST: Final = "plain first"
HARNESS_FIRST: Final = "harness first"


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements, one directly after the other; `pair` counts them from 0.

    Of kind `callbacks` they are two epochs in one process, with validation; of kind `launch` two
    processes from start to exit. `train_images` is the size of an epoch. `parent_cpu_seconds` is
    the user and system time of the harness's own process during its launch; None for callbacks.
    """

    backend: str
    kind: Kind
    pair: int
    order: str
    train_images: int
    seconds_plain: float
    seconds_harness: float
    parent_cpu_seconds: float | None = None

    def __post_init__(self) -> None:
        """Refuse durations that are not above 0 s."""
        if not all(0 < s < float("inf") for s in (self.seconds_plain, self.seconds_harness)):
            raise ValueError(f"pair {self.pair} of {self.backend} has a duration not above 0 s")


def order_of(pair: int) -> str:
    """Return which side of a pair comes first: A B, B A, A B, …, so that drift meets both alike."""
    return PLAIN_FIRST if pair % 2 == 0 else HARNESS_FIRST
