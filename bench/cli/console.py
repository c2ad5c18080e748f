"""A command's output: text for people, with `--quiet` a path, or with `--json` one object."""

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
    """The current `sys.stdout`; `failed` is the reason why it could not be written, or empty."""

    failed = ""

    def write(self, text: str) -> int:
        """Write the text; any OSError becomes a BrokenPipeError, which `rich` handles."""
        with self._as_broken_pipe():
            return sys.stdout.write(text)

    def flush(self) -> None:
        """Write the buffered text, with the errors of `write`."""
        with self._as_broken_pipe():
            sys.stdout.flush()

    @contextmanager
    def _as_broken_pipe(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            self.failed = error.strerror or str(error)
            raise BrokenPipeError from error

    def __getattr__(self, name: str) -> object:
        """Return any other attribute of `sys.stdout`."""
        return getattr(sys.stdout, name)


class CommandConsole(Console):
    """A console that survives the loss of its reader (`| head`): the command continues silently.

    On a full disk the command continues too, after one message on standard error.

    Text is printed in the mode `full` only; errors and the final result in every mode.
    """

    def __init__(self, mode: Mode = "full") -> None:
        """Print according to `mode`, at 100 columns if standard output is not a terminal."""
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="surrogateescape")  # a path may contain invalid UTF-8
        self._stream = _StandardOutput()
        super().__init__(
            file=cast("IO[str]", self._stream),
            width=None if sys.stdout.isatty() else 100,
            quiet=mode != "full",
        )
        self.mode = mode

    @property
    def failed(self) -> bool:
        """Whether a write failed for a reason other than a closed pipe."""
        return bool(self._stream.failed)

    def on_broken_pipe(self) -> None:
        """Stop all output; print the reason on standard error unless the pipe was closed."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if self._stream.failed:
            reason = self._stream.failed
            print(f"Standard output cannot be written: {reason}.", file=sys.stderr)

    def print_line(self, text: str) -> None:
        """Print a line verbatim, without markup, and without terminal control characters."""
        self.print(sanitize_lines(text), markup=False, highlight=False, soft_wrap=True)

    def error(self, text: str) -> None:
        """Print an error: in the mode `full` with the other output, else on standard error."""
        if self.mode == "full":
            self.print_line(text)
        else:
            print(sanitize_line(text), file=sys.stderr)

    def print_result(
        self, name: str, path: Path, facts: Callable[[], Mapping[str, object]]
    ) -> None:
        """Print the result: `NAME: PATH`, or only the path, or `facts` as one JSON object."""
        if self.mode == "full":
            self.print_line(f"{name}: {path}")
            return
        self.quiet = False
        # ASCII, so that no text from a record can control the terminal.
        self.out(str(path) if self.mode == "quiet" else json.dumps(facts()), highlight=False)
