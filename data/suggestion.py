"""The nearest allowed word to a mistyped one, for error messages."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `did you mean 'X'? ` with the nearest allowed word, nothing where none is near."""
    by_lower_case = {name.lower(): name for name in allowed}
    near = get_close_matches(word.lower()[:100], by_lower_case, n=1)
    return f"did you mean {by_lower_case[near[0]]!r}? " if near else ""
