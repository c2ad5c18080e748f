"""Real gates that were measured apart, at once or on another machine, become gates of one proof."""

from collections import Counter

from msgspec.structs import replace

from bench.proof.book import ProofBook, ProofError
from bench.proof.real import gates_of
from bench.proof.row import RealPair


def gather_gates(book: ProofBook, other: ProofBook) -> None:
    """Append the gates of `other` to those of `book`, with numbers that are free there.

    A session of which `book` has a pair was taken over before, and is left out. ProofError when
    there are no rows or they cannot be read, StoreError when they cannot be written.
    """
    own, theirs = book.rows(RealPair), other.rows(RealPair)
    if not theirs:
        raise ProofError(f"{other.folder} holds no real gates: there is no pair in pairs.jsonl.")
    known = {row.session for row in own}
    begun = Counter(arm for arm, _ in gates_of(own))
    taken: list[RealPair] = []
    for (arm, _), gate in gates_of([row for row in theirs if row.session not in known]).items():
        taken += [replace(row, gate=begun[arm]) for row in gate]
        begun[arm] += 1
    contexts = book.contexts()
    sessions = {row.session for row in taken}
    new = [c for name, c in other.contexts().items() if name in sessions - contexts.keys()]
    for rows in (new, taken):
        if rows:
            book.add(*rows)
