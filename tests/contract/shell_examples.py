"""The commands of documentation, read as a shell reads them and parsed by the real parsers."""

import argparse
import ast
import configparser
import re
import runpy
import shlex
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from bench.cli.parser import parse_words
from bench.core.paths import CHECKOUT
from docs.generators.command_line import validation_parsers

_ASSIGNMENT = re.compile(r"[A-Z_]+=\S*$")
_PYTHON = re.compile(r"(.*/)?python(3(\.\d+)?)?$")
_OWN_MODULES = ("bench", "validation.", "tests.")


class ExampleError(AssertionError):
    """An example of the documentation is not what the real parser takes."""


def command_lines(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a block: comments and variables left out, `&&` divided."""
    for line in text.replace("\\\n", " ").splitlines():
        words: list[str] = []
        for word in [*shlex.split(line, comments=True), "&&"]:
            if word != "&&":
                words.append(word)
            elif words:
                yield _without_prefix(words)
                words = []


def _without_prefix(words: list[str]) -> list[str]:
    while _ASSIGNMENT.match(words[0]):
        words = words[1:]
    return words[3:] if words[:2] == ["taskset", "-c"] else words


def check_command(words: Sequence[str]) -> None:
    """Raise ExampleError unless the command is one that the real parsers take."""
    program, *rest = words
    if program.endswith("tox"):
        _check_tox(rest)
    elif program.endswith("pip"):
        _check_pip(rest)
    elif _PYTHON.match(program) and rest[:2] == ["-m", "venv"]:
        _expect(rest[2:] == [".venv"], f"the environment is not .venv in {words}")
    elif _PYTHON.match(program) and rest[0] == "-m" and rest[1].startswith(_OWN_MODULES):
        parse_module(rest[1], rest[2:])
    elif _PYTHON.match(program) and rest[0].endswith(".py"):
        _expect((CHECKOUT / rest[0]).is_file(), f"there is no {rest[0]}")
        ast.parse((CHECKOUT / rest[0]).read_bytes())
    elif program == "pytest":
        # A side's value is checked where it is used: one parse for all sides of the same options.
        _check_pytest(*(re.sub(r"^[a-z].*=.*", "src=DIR", word) for word in rest))
    elif program != "sphinx-build":
        raise ExampleError(f"{program!r} is no program that can be checked here")


def parse_module(module: str, words: Sequence[str]) -> argparse.Namespace:
    """Return what `python -m MODULE WORDS` asks for, by the module's own parser; nothing runs."""
    if module == "bench":
        return _parse(parse_words, module, words)
    for parser in validation_parsers():
        if parser.prog == f"python -m {module}":
            return _parse(parser.parse_args, module, words)
    return _parse_main(module, words)


def _parse(
    parse: Callable[[Sequence[str]], argparse.Namespace], module: str, words: Sequence[str]
) -> argparse.Namespace:
    try:
        return parse(words)
    except SystemExit as end:
        raise ExampleError(f"python -m {module} does not take {shlex.join(words)}") from end


class _ParsedError(Exception):
    """Carries what a module's parser made of its arguments, in place of running it."""


def _parse_main(module: str, words: Sequence[str]) -> argparse.Namespace:
    """Run a module until its parser is done; what would follow does not happen."""
    original = argparse.ArgumentParser.parse_known_args
    depth = 0

    def parse_known_args(self: Any, *arguments: Any, **named: Any) -> Any:
        nonlocal depth
        depth += 1
        found, unknown = original(self, *arguments, **named)
        depth -= 1
        if depth:
            return found, unknown
        raise _ParsedError(found, unknown)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # runpy warns where another test has imported the module; it runs in a namespace of its own.
        warnings.simplefilter("ignore", RuntimeWarning)
        patch.setattr(argparse.ArgumentParser, "parse_known_args", parse_known_args)
        patch.setattr(sys, "argv", [module, *words])
        try:
            runpy.run_module(module, run_name="__main__")
        except _ParsedError as parsed:
            found: argparse.Namespace
            found, unknown = parsed.args
            _expect(not unknown, f"python -m {module} does not know {unknown}")
            return found
        except SystemExit as end:
            raise ExampleError(f"python -m {module} does not take {shlex.join(words)}") from end
    raise ExampleError(f"python -m {module} has no parser")


def _check_pip(words: list[str]) -> None:
    """Check `pip install -c FILE PACKAGE …`: the file of constraints is there."""
    _expect(words[:2] == ["install", "-c"], f"pip {shlex.join(words)} is not checked here")
    _expect((CHECKOUT / words[2]).exists(), f"there is no {words[2]}")


def _check_tox(words: list[str]) -> None:
    """Check the environments that tox is asked for, and what they do with the arguments."""
    words, _, given = _divided(words)
    parser = argparse.ArgumentParser(prog="tox", exit_on_error=False)
    parser.add_argument("run", nargs="?", choices=["run"])
    parser.add_argument("--notest", action="store_true")
    parser.add_argument("-e", default=",".join(_default_environments()))
    asked = _parse(parser.parse_args, "tox", words)
    for name in asked.e.split(","):
        commands = tox_commands(name)
        takes = [command for command in commands if "{posargs}" in command]
        _expect(bool(takes) or not given, f"tox -e {name} does nothing with {given}")
        for command in takes:
            if command[0] == "pytest" and not given:
                continue  # what tox.ini itself gives to pytest is executed by tox
            at = command.index("{posargs}")
            check_command([*command[:at], *given, *command[at + 1 :]])


def _divided(words: list[str]) -> tuple[list[str], str, list[str]]:
    at = words.index("--") if "--" in words else len(words)
    return words[:at], "--", words[at + 1 :]


@cache
def _tox_file() -> configparser.ConfigParser:
    file = configparser.ConfigParser(interpolation=None)
    file.read(CHECKOUT / "tox.ini", encoding="utf-8")
    return file


def _default_environments() -> list[str]:
    return [name.strip() for name in _tox_file()["tox"]["env_list"].split(",")]


def tox_commands(name: str) -> list[list[str]]:
    """Return the commands of a tox environment, in words; ExampleError where there is none."""
    for section in _tox_file().sections():
        if not section.startswith("testenv:"):
            continue
        if name in _expanded(section.removeprefix("testenv:")):
            lines = _tox_file()[section].get("commands", "").splitlines()
            return [shlex.split(line) for line in _of_factors(lines, name.split("-"))]
    raise ExampleError(f"tox.ini has no environment {name!r}")


def _expanded(pattern: str) -> list[str]:
    match = re.fullmatch(r"(.*)\{(.*)\}(.*)", pattern)
    if match is None:
        return [pattern]
    return [f"{match[1]}{factor}{match[3]}" for factor in match[2].split(",")]


def _of_factors(lines: Sequence[str], factors: Sequence[str]) -> Iterator[str]:
    for line in lines:
        factor = re.match(r"([a-z!{},]+):\s+(.*)", line)
        if factor is None and line.strip() and not line.startswith("#"):
            yield line
        elif factor is not None and factor[1] in factors:
            yield factor[2]


@cache
def _check_pytest(*words: str) -> None:
    """Check that pytest takes these words; its plugins are loaded, and nothing is collected."""
    parse = "import sys; from _pytest.config import _prepareconfig; _prepareconfig(sys.argv[1:])"
    call = [sys.executable, "-c", parse, "-p", "no:cacheprovider", *words]
    done = subprocess.run(call, capture_output=True, text=True, cwd=CHECKOUT, check=False)
    _expect(done.returncode == 0, f"pytest {shlex.join(words)}: {done.stderr[-500:]}")


def _expect(holds: bool, sentence: str) -> None:
    if not holds:
        raise ExampleError(sentence)
