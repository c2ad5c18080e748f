"""Something in a reports folder that is not as it should be."""

from pathlib import Path
from typing import Literal

import msgspec

#: `broken` cannot be used or contradicts itself, `left over` is the trace of a write that was cut
#: off: both are set aside by a repair. `foreign` is not ours to judge and stays.
State = Literal["broken", "left over", "foreign"]


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One file and why it is not as it should be, in a phrase.

    `path` is relative to the reports folder. `kept` is what a repair leaves in its place: the
    whole lines before one that was cut off; None where nothing is left.
    """

    path: Path
    state: State
    why: str
    kept: bytes | None = None
