"""The grammar of the command line: lazy commands, suggestions, version, completion."""

import shlex
import sys
from pathlib import Path

import pytest

from bench import __version__
from bench import cli as cli_package
from bench.cli import commands, parser
from bench.cli.commands import COMMANDS, RENAMED_COMMANDS, Command, find_command
from bench.cli.parser import make_parser
from bench.core.exit_codes import ExitCode
from bench.system.timing_lock import default_lock_path, timing_lock
from docs.generators.command_line import command_parsers
from tests.fixtures.command_line import Bench
from tests.fixtures.present import present

pytestmark = pytest.mark.usefixtures("own_signals")

TOY = '''"""`toy`: a command of one file."""


def add_toy_arguments(parser):
    parser.add_argument("--size", type=int, default=1)


def toy_command(arguments, console):
    console.print_line(f"a toy of size {arguments.size}")
    return 0
'''


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def test_the_version_is_printed(bench: Bench) -> None:
    assert bench.call("--version") == 0
    assert bench.out == f"keras-bench {__version__}\n"


def test_a_command_is_one_file_and_one_row_of_the_table(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(cli_package, "__path__", [*cli_package.__path__, str(tmp_path)])
    for module in (commands, parser):
        monkeypatch.setattr(module, "COMMANDS", (*COMMANDS, Command("toy", "Toys", "play")))
    assert bench.call("toy", "--size=3") == 0
    assert bench.out == "a toy of size 3\n"
    assert bench.call("--help") == 0
    assert "Toys:\n  toy             play" in bench.out
    monkeypatch.delitem(sys.modules, "bench.cli.toy")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_purpose_and_two_examples(command: Command) -> None:
    sub_parser = command_parsers(make_parser([command.name]))[command.name]
    assert command.purpose and len(command.purpose) < 70
    examples = present(sub_parser.epilog).removeprefix("examples:\n").split("\n")
    assert len(examples) >= 2
    for example in examples:
        words = shlex.split(example.strip().removeprefix("python -m bench "))
        assert words[0] == command.name
        assert make_parser(words).parse_args(words).command == command.name


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["rum"], "there is no command 'rum'; did you mean 'run'? commands are run, plan, "),
        (["steps"], "the command `steps` is now called `profile-steps`."),
        (["proof"], "the command `proof` is now called `python -m validation.gate`."),
        (["run", "--backend=pytorch"], "--backend is 'pytorch'; did you mean 'torch'? allowed are"),
        (["run", "--backend=tf"], "--backend is 'tf'; did you mean 'tensorflow'? allowed are"),
        (["run", "--backend=jaxx"], "--backend is 'jaxx'; did you mean 'jax'? allowed are jax, t"),
        (["run", "--lane=zzz"], "--lane is 'zzz'; allowed are default, matched."),
        (
            ["run", "--bakend=jax"],
            "unrecognized argument '--bakend=jax'; did you mean '--backend'?",
        ),
        (["run", "lab"], "unrecognized argument 'lab'; see `python -m bench run --help`."),
    ],
    ids=" ".join,
)
def test_a_mistyped_word_is_refused_with_the_nearest_allowed_one(
    bench: Bench, words: list[str], sentence: str
) -> None:
    assert bench.call(*words) == 2
    assert sentence in bench.err and bench.out == ""


def test_every_former_name_of_a_command_has_a_new_one() -> None:
    for former, name in RENAMED_COMMANDS.items():
        assert find_command(former) is None
        assert find_command(name) or name.startswith("python -m validation.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--suite=visoin"], "suite is 'visoin'; did you mean 'vision'? allowed are "),
        (["--workload=resnet2"], "workload is 'resnet2'; did you mean 'resnet20'? allowed are "),
        (["--dataset=cifar1O"], "There is no dataset 'cifar1O'; did you mean 'cifar10'? allowed"),
    ],
    ids=str,
)
def test_a_mistyped_name_is_refused_with_the_nearest_one_before_the_lock_is_asked_for(
    bench: Bench, words: list[str], sentence: str
) -> None:
    with timing_lock(default_lock_path(), "another run"):
        assert bench.call("run", *words, f"--reports={bench.reports}") == ExitCode.USAGE
    assert sentence in bench.err
