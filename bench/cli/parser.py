"""The command-line parser: it suggests corrections, and has one sub-parser per command."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from bench import __version__
from bench.cli.commands import COMMANDS, RENAMED_COMMANDS, find_command
from data.suggestion import did_you_mean

#: Common other names of the backends.
_OTHER_NAMES: Final = {"pytorch": "torch", "tf": "tensorflow", "xla": "jax"}


class SuggestingParser(argparse.ArgumentParser):
    """An argument parser whose errors suggest the most similar allowed word.

    The words after `--` are the arguments of a script, if the command line names one.
    """

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return the parsed words and those that are unknown, as argparse does."""
        own, script_arguments = _split_script_arguments(sys.argv[1:] if args is None else args)
        parsed, unknown = super().parse_known_args(own, namespace)
        if script_arguments:
            parsed.script_arguments = script_arguments
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        allowed = [str(choice) for choice in action.choices]
        if isinstance(action, argparse._SubParsersAction):
            raise argparse.ArgumentError(None, _unknown_command(str(value), allowed))
        name = "/".join(action.option_strings) or action.metavar or action.dest
        guess = _OTHER_NAMES.get(str(value).lower())
        hint = (
            f"did you mean {guess!r}? " if guess in allowed else did_you_mean(str(value), allowed)
        )
        raise argparse.ArgumentError(
            None, f"{name} is {value!r}; {hint}allowed are {', '.join(allowed)}."
        )

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """End the process with an error message about the first unrecognized word."""
        options = [o for action in self._actions for o in action.option_strings]
        word = next((word for word in words if word.startswith("-")), words[0])
        hint = did_you_mean(word.partition("=")[0], [o for o in options if o.startswith("--")])
        self.error(f"unrecognized argument {word!r}; {hint}see `{self.prog} --help`.")


def _unknown_command(name: str, allowed: Sequence[str]) -> str:
    if name in RENAMED_COMMANDS:
        return f"the command `{name}` is now called `{RENAMED_COMMANDS[name]}`."
    hint = did_you_mean(name, allowed)
    return f"there is no command {name!r}; {hint}commands are {', '.join(allowed)}."


def make_parser(words: Sequence[str] | None = None) -> SuggestingParser:
    """Return the parser of `python -m bench`.

    With the `words` of a command line, only the command that they name gets its options, so that
    no other command is imported. Without `words`, every command gets its options.
    """
    parser = SuggestingParser(
        prog="python -m bench",
        usage="python -m bench [--version] COMMAND …",
        description=_description(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(mode="full")
    parser.add_argument("--version", action="version", version=f"keras-bench {__version__}")
    commands = parser.add_subparsers(
        dest="command", required=True, metavar="COMMAND", help=argparse.SUPPRESS
    )
    named = None if words is None else named_command(words)
    for command in COMMANDS:
        sub = commands.add_parser(
            command.name,
            prog=f"python -m bench {command.name}",
            description=_sentence(command.purpose),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if words is None or command.name == named:
            command.add_arguments(sub)
    return parser


def parse_words(words: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line; an invalid one ends the process with an error message."""
    parser = make_parser(words)
    parsed: argparse.Namespace
    parsed, unknown = parser.parse_known_args(words)
    if unknown:
        sub_parsers = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
        sub_parsers.choices[parsed.command].refuse_unknown(unknown)
    return parsed


def _split_script_arguments(words: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
    """Return the words of a command line, and those after `--` if it names a script."""
    own = list(words)
    end = own.index("--") if "--" in own else len(own)
    if not any(word.partition("=")[0] == "--script" for word in own[:end]):
        return own, ()
    return own[:end], tuple(own[end + 1 :])


def named_command(words: Sequence[str]) -> str | None:
    """Return the first word that is the name of a command, or None."""
    return next((word for word in words if find_command(word)), None)


def _sentence(purpose: str) -> str:
    end = "" if purpose.endswith("?") else "."
    return f"{purpose[0].upper()}{purpose[1:]}{end}"


def _description() -> str:
    lines = ["Train the same Keras 3 models on JAX, TensorFlow and PyTorch, and compare."]
    for group in dict.fromkeys(command.group for command in COMMANDS):
        lines += ["", f"{group}:"]
        lines += [f"  {c.name:<15} {c.purpose}" for c in COMMANDS if c.group == group]
    lines += ["", "`python -m bench COMMAND --help` shows a command's options and examples."]
    return "\n".join(lines)
