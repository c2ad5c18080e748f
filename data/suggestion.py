"""The nearest allowed word to a mistyped one, for error messages."""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return `did you mean 'X'? ` with the nearest allowed word, nothing where none is near."""
    near = get_close_matches(word.lower(), {name.lower(): name for name in allowed}, n=1)
    names = {name.lower(): name for name in allowed}
    return f"did you mean {names[near[0]]!r}? " if near else ""
