"""The options that may stand beside `--resume`."""

import argparse
from collections.abc import Sequence
from typing import Final

from bench.storage.sessions import ResumeError

_ALLOWED: Final = ("--resume", "--reports", "--quiet", "--json")


def check_resume(parsed: argparse.Namespace, words: Sequence[str]) -> None:
    """Refuse options beside `--resume`: a resumed measurement uses its original ones.

    `words` is the command line that `parsed` was made of. ResumeError names the first such option.
    """
    if getattr(parsed, "resume", None) is None:
        return
    for word in words:
        option = word.partition("=")[0]
        if option.startswith("--") and not any(each.startswith(option) for each in _ALLOWED):
            raise ResumeError(
                f"{option} cannot be given with --resume: a {parsed.command} goes on as it was "
                f"begun; allowed are {', '.join(_ALLOWED[1:])}."
            )
