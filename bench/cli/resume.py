"""The check that only permitted options are combined with `--resume`."""

import argparse
from collections.abc import Sequence
from typing import Final

from bench.storage.sessions import ResumeError

_ALLOWED: Final = ("--resume", "--reports", "--quiet", "--json")


def check_resume(parsed: argparse.Namespace, words: Sequence[str]) -> None:
    """Refuse other options with `--resume`, because a resumed measurement uses its original ones.

    `words` is the command line from which `parsed` was made. ResumeError names the first refused
    option.
    """
    if getattr(parsed, "resume", None) is None:
        return
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and not any(name.startswith(option) for name in _ALLOWED):
            raise ResumeError(
                f"{option} cannot be given with --resume, because a resumed {parsed.command} uses "
                f"its original options; allowed are {', '.join(_ALLOWED[1:])}."
            )
