"""What all that can be resumed shares: which options go with --resume, and the call to tell."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.core.paths import CHECKOUT
from bench.storage.sessions import ResumeError

_ALLOWED: Final = ("--resume", "--reports", "--quiet", "--json")


def check_resume(parsed: argparse.Namespace, words: Sequence[str]) -> None:
    """Refuse the options that contradict --resume: all of them were chosen at the beginning.

    `words` is the command line of which `parsed` was made. ResumeError names the first one.
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


def resume_call(command: str, name: str, reports: Path) -> str:
    """Return the command that continues `name`, to be typed where this one was."""
    python = Path(sys.executable)
    here = Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    words = [str(shown), "-m", "bench", command, "--resume", name]
    if reports.absolute() != CHECKOUT / "reports":
        words += ["--reports", str(reports)]
    return f"`{shlex.join(words)}`"
