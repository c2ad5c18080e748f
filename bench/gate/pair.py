"""One lock-step pair: two warm processes that computed in turns, slice by slice."""

import msgspec

from bench.baton import Slice


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A slice of each side, one directly after the other, of the same reported work."""

    baseline: Slice
    candidate: Slice


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Two processes, one per side, from their start to their end; `number` counts from 0.

    `seconds` is the wall time of the whole pair, starts and warm-ups included.
    """

    number: int
    seconds: float
    turns: tuple[Turn, ...]
