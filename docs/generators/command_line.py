"""The command line's reference, from the parsers that read it."""

import argparse
import re
from collections.abc import Iterator

from bench.cli.parser import make_parser
from docs.generators.markdown import table
from validation.gate.__main__ import make_gate_proof_parser
from validation.overhead.__main__ import make_overhead_parser
from validation.overhead.scripts import make_scripts_parser


def command_parsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """Return the sub-parsers of a parser by the name of their command, in its order."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def command_lines() -> str:
    """Return a section per command: purpose, usage, arguments, examples.

    First those of `python -m bench`, then the two programs that check the tool itself.
    """
    sections = [_section(*each) for each in command_parsers(make_parser()).items()]
    sections += [_section(parser.prog, parser) for parser in validation_parsers()]
    return "\n".join(sections)


def validation_parsers() -> tuple[argparse.ArgumentParser, ...]:
    """Return the parsers of the programs that check the tool itself."""
    return make_gate_proof_parser(), make_overhead_parser(), make_scripts_parser()


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    text = (parser.description or "").strip()
    usage = re.sub(r"\s+", " ", parser.format_usage().removeprefix("usage: ")).strip()
    return "\n".join(
        [
            f"(command-{name.rpartition(' ')[2].replace('.', '-')})=",
            f"## `{name}`",
            "",
            _sentence(text),
            "",
            "```{code-block} text",
            *_wrapped(usage),
            "```",
            "",
            table(("argument", "meaning"), _arguments(parser)),
            *_examples(parser),
        ]
    )


def _examples(parser: argparse.ArgumentParser) -> list[str]:
    """Return what the command's help has after its options, as it stands there."""
    if not parser.epilog:
        return []
    return ["```{code-block} text", *parser.epilog.strip().splitlines(), "```", ""]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _wrapped(usage: str) -> Iterator[str]:
    """Yield the usage in lines of about 90 characters, broken between arguments only."""
    line = ""
    for part in re.findall(r"\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]|\S+", usage):
        if line and len(line) + len(part) > 90:
            yield line
            line = "   "
        line = f"{line} {part}" if line else part
    yield line


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    for action in parser._actions:
        if action.help == argparse.SUPPRESS or isinstance(action, argparse._HelpAction):
            continue
        help_text = (action.help or "") % {**vars(action), "prog": parser.prog}
        yield f"`{_invocation(action)}`", _meaning(action, help_text)


def _invocation(action: argparse.Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest)
    value = action.metavar or (action.dest.upper() if action.nargs != 0 else "")
    if action.choices and not action.metavar:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    flag = ", ".join(action.option_strings)
    if action.nargs == "?":
        return f"{flag} [{value}]"
    return f"{flag} {value}".strip()


def _meaning(action: argparse.Action, help_text: str) -> str:
    """Return the help, with what argparse knows besides: repetition, the default."""
    notes = [help_text.replace("<", "&lt;")] if help_text else []
    if isinstance(action, argparse._AppendAction) and "repeatable" not in help_text:
        notes.append("repeatable")
    plain = isinstance(action.default, int | float | str) and not isinstance(action.default, bool)
    if (
        plain
        and action.nargs != 0
        and action.default not in ("", None)
        and not _has_default(action)
    ):
        notes.append(f"default: `{action.default}`")
    return "; ".join(notes)


def _has_default(action: argparse.Action) -> bool:
    """Return whether the help names the default already, `(16)` or `(default: …)`."""
    text = action.help or ""
    return "default" in text or bool(re.search(r"\((%\(default\)\w|[\w.]+)\)", text))
