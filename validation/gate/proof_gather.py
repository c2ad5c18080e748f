"""Real gates that were measured apart, at once or on another machine, become gates of one proof."""

from collections import Counter

from msgspec.structs import replace

from validation.gate.real import gates_of
from validation.gate.rows import RealPair
from validation.gate.store import ProofBook, ProofError


def gather_gates(book: ProofBook, other: ProofBook) -> None:
    """Append the gates of `other` to those of `book`, with numbers that are free there.

    A gate whose first pair is in `book` was taken over before, and stays as it was then: the pairs
    that it got since make no gate of their own. ProofError when there are no rows or they cannot be
    read, StoreError when they cannot be written.
    """
    own, theirs = gates_of(book.rows(RealPair)), gates_of(other.rows(RealPair))
    if not theirs:
        raise ProofError(f"{other.folder} holds no real gates: there is no pair in pairs.jsonl.")
    known = {replace(gate[0], gate=0) for gate in own.values()}
    begun = Counter(arm for arm, _ in own)
    taken: list[RealPair] = []
    for (arm, _), gate in theirs.items():
        if replace(gate[0], gate=0) not in known:
            taken += [replace(row, gate=begun[arm]) for row in gate]
            begun[arm] += 1
    missing = {row.session for row in taken} - book.contexts().keys()
    new = [context for name, context in other.contexts().items() if name in missing]
    for rows in (new, taken):
        if rows:
            book.add(*rows)
