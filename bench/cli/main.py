"""The entry of `python -m bench`: one command, one exit code, one sentence for every error."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from bench.cli.commands import find_command
from bench.cli.parser import make_parser, parse_words
from bench.core.exit_codes import ExitCode

if TYPE_CHECKING:
    from bench.cli.console import CommandConsole, Mode


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user error is printed as one sentence."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if "_ARGCOMPLETE" in os.environ:  # a shell asks for completions
        import argcomplete

        argcomplete.autocomplete(make_parser(os.environ["COMP_LINE"].split()[1:]))
    parsed = parse_words(words)

    def run(console: "CommandConsole") -> int:
        from bench.cli.resume import check_resume

        check_resume(parsed, words)
        command = find_command(parsed.command)
        assert command is not None  # the parser accepts known commands only
        return command.run(parsed, console)

    return run_guarded(run, parsed.mode)


def run_guarded(run: Callable[["CommandConsole"], int], mode: "Mode") -> int:
    """Return the exit code of `run`; print each error that the user or the machine causes."""
    from bench.cli.console import CommandConsole
    from bench.core.text import BenchError
    from bench.system.signals import handle_interruptions, interrupter
    from data.errors import DataError

    handle_interruptions(interrupter())
    console = CommandConsole(mode)
    try:
        code = run(console)
    except BenchError as error:
        return _print_error(str(error), error.exit_code)
    except DataError as error:
        return _print_error(str(error), ExitCode.USAGE)
    except OSError as error:  # no file descriptor or no space left; any call can raise it
        where = f" ({error.filename})" if error.filename else ""
        sentence = f"The operating system reported an error: {error.strerror}{where}."
        return _print_error(sentence, ExitCode.STORE)
    except KeyboardInterrupt as stop:
        words = " ".join(("Interrupted.", *map(str, stop.args)))
        code = _print_error(words, ExitCode.INTERRUPTED)
    if code == ExitCode.OK and console.failed:
        return ExitCode.STORE
    if code == ExitCode.INTERRUPTED:
        # At its exit Python restores the default handlers, which would hide our exit code.
        handle_interruptions(signal.SIG_IGN)
    return code


def _print_error(sentence: str, code: ExitCode) -> int:
    from bench.core.text import sanitize_line

    print(sanitize_line(sentence), file=sys.stderr)
    return code
