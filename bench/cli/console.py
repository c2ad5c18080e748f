"""What a command says: text for people, or with `--quiet` a path, or with `--json` one object."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Literal, cast

from rich.console import Console

from bench.core.text import sanitize_line, sanitize_lines

Mode = Literal["full", "quiet", "json"]


class _StandardOutput:
    """`sys.stdout` as it is at each call; `failed` holds why it could not be written, if so."""

    failed = ""

    def write(self, text: str) -> int:
        """Write the text; BrokenPipeError, which a console knows, in place of any OSError."""
        with self._told():
            return sys.stdout.write(text)

    def flush(self) -> None:
        """Write what is not written yet, as `write` does."""
        with self._told():
            sys.stdout.flush()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            self.failed = error.strerror or str(error)
            raise BrokenPipeError from error

    def __getattr__(self, name: str) -> object:
        """Be like `sys.stdout` in all else."""
        return getattr(sys.stdout, name)


class CommandConsole(Console):
    """A console whose reader may go away (`| head`): the command then goes on in silence.

    On a full disk it goes on as well, once it has said so on the error stream.

    It prints what it is told in the mode `full` alone; errors and the end are told in every mode.
    """

    def __init__(self, mode: Mode = "full") -> None:
        """Print as `mode` asks, at 100 columns where there is no terminal."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="surrogateescape")  # a path may be no UTF-8
        self._stream = _StandardOutput()
        super().__init__(
            file=cast("IO[str]", self._stream),
            width=None if sys.stdout.isatty() else 100,
            quiet=mode != "full",
        )
        self.mode = mode

    @property
    def failed(self) -> bool:
        """Whether something could not be written, for another reason than a reader that left."""
        return bool(self._stream.failed)

    def on_broken_pipe(self) -> None:
        """Say nothing more."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if self._stream.failed:
            reason = self._stream.failed
            print(f"Standard output cannot be written: {reason}.", file=sys.stderr)

    def print_line(self, text: str) -> None:
        """Print a line as it is, whatever it looks like, but for what would steer a terminal."""
        self.print(sanitize_lines(text), markup=False, highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Tell what went wrong: with the rest, or where that is not shown on the error stream."""
        if self.mode == "full":
            self.print_line(text)
        else:
            print(sanitize_line(text), file=sys.stderr)

    def print_result(
        self, name: str, path: Path, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        """Tell where the result is: `NAME: PATH`, or the path alone, or `facts` as one object."""
        if self.mode == "full":
            self.print_line(f"{name}: {path}")
            return
        self.quiet = False
        # ASCII, so that no text from a record can steer a terminal.
        self.out(str(path) if self.mode == "quiet" else json.dumps(facts()), highlight=False)
