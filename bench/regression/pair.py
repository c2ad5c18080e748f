"""One lock-step pair: two warm processes that computed alternately, slice by slice."""

from typing import Final, Literal

import msgspec

from bench.core.result import Scalar
from bench.core.serialization import Document, Layout, rename_keys
from bench.regression.messages import Identity, Slice

#: Raised whenever the fields of a pair change. The pairs of version 1 do not name their version.
PAIR_VERSION: Final = 2

#: A pair measures the two sides of a cell, or a control of the measurement itself.
PairKind = Literal["cell", "negative", "positive"]


class SlicePair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A slice of each side, one directly after the other, with the same reported work.

    A round trip is the seconds from the request to the side's response, on the gate's own clock.
    """

    baseline: Slice
    candidate: Slice
    baseline_round_trip: float
    candidate_round_trip: float


class SideReport(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One process of a pair: its reported identity and its provenance."""

    identity: Identity
    settings: dict[str, Scalar]


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Two processes, one per side, from their start to their end; `number` counts from 0.

    `seconds` is the wall time of the whole pair, including starts and warm-ups. A failed pair has
    a `reason` in one sentence and no slices.
    """

    pair_version: int = PAIR_VERSION
    kind: PairKind
    cell_id: str
    number: int
    seconds: float
    baseline: SideReport | None = None
    candidate: SideReport | None = None
    slices: tuple[SlicePair, ...] = ()
    reason: str | None = None


def _upgrade(document: Document) -> None:
    rename_keys(document, {"turns": "slices"})


#: How a line of pairs.jsonl is stored.
PAIR_LAYOUT: Final = Layout(Pair, "pair_version", PAIR_VERSION, _upgrade, unnamed=1)
