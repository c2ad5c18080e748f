"""Which cell a person means by a part of its id."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from bench.core.text import LineError

#: More ids than these are no help in a sentence.
_MOST_SHOWN: Final = 5


class UnknownCellError(LineError):
    """A name belongs to no cell of the store, or to several."""


def find_cell(name: str, cell_ids: Collection[str]) -> str:
    """Return the one of `cell_ids` that is `name` or alone contains it.

    UnknownCellError names the nearest ids when none contains it, and those that do when several do.
    """
    if name in cell_ids:
        return name
    found = sorted(cell_id for cell_id in cell_ids if name in cell_id)
    if len(found) == 1:
        return found[0]
    if found:
        more = ", …" if len(found) > _MOST_SHOWN else ""
        raise UnknownCellError(
            f"{name!r} is a part of {len(found)} cells, it must be of one: "
            f"{', '.join(found[:_MOST_SHOWN])}{more}."
        )
    nearest = get_close_matches(name, sorted(cell_ids), n=_MOST_SHOWN, cutoff=0.0)
    raise UnknownCellError(
        f"There is no cell {name!r}; the nearest are: {', '.join(nearest) or 'none'}."
    )
