"""What a command says: text for people, or with `--quiet` a path, or with `--json` one object."""

import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from rich.console import Console

from bench.line import one_line, plain_lines

Mode = Literal["full", "quiet", "json"]


class Output(Console):
    """A console whose reader may go away (`| head`): the command then goes on in silence.

    It prints what it is told in the mode `full` alone; errors and the end are told in every mode.
    """

    def __init__(self, mode: Mode = "full") -> None:
        """Print as `mode` asks, at 100 columns where there is no terminal."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="surrogateescape")  # a path may be no UTF-8
        super().__init__(width=None if sys.stdout.isatty() else 100, quiet=mode != "full")
        self.mode = mode

    def on_broken_pipe(self) -> None:
        """Say nothing more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def say(self, text: str) -> None:
        """Print a line as it is, whatever it looks like, but for what would steer a terminal."""
        self.print(plain_lines(text), markup=False, highlight=False, soft_wrap=True)

    def complain(self, text: str) -> None:
        """Tell what went wrong: with the rest, or where that is not shown on the error stream."""
        if self.mode == "full":
            self.say(text)
        else:
            print(one_line(text), file=sys.stderr)

    def finish(self, name: str, path: Path, facts: Callable[[], Mapping[str, object]]) -> None:
        """Tell where the result is: `NAME: PATH`, or the path alone, or `facts` as one object."""
        if self.mode == "full":
            self.say(f"{name}: {path}")
            return
        self.quiet = False
        # ASCII, so that no text from a record can steer a terminal.
        self.out(str(path) if self.mode == "quiet" else json.dumps(facts()), highlight=False)
