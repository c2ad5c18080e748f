"""The command line's grammar where it starts a process or asks an interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.cli.commands import COMMANDS
from bench.core.exit_codes import ExitCode
from bench.core.paths import CHECKOUT
from bench.system.timing_lock import default_lock_path, timing_lock
from tests.fixtures.command_line import Bench

pytestmark = pytest.mark.usefixtures("own_signals")


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), **variables}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )


def modules_after(*words: str) -> set[str]:
    """Return the modules that a fresh process holds after a command line that only prints."""
    code = "import sys\nfrom bench.cli.main import main\ntry:\n    main(sys.argv[1:])\n"
    code += "except SystemExit:\n    print(*sys.modules, file=sys.stderr)\n"
    return set(python("-c", code, *words).stderr.split())


def test_help_imports_neither_numpy_nor_pandas_nor_any_command() -> None:
    modules = modules_after("--help")
    assert "bench.cli.parser" in modules
    assert not modules & {"numpy", "pandas", "jinja2", "rich", "msgspec", "scipy"}
    assert not modules & {f"bench.cli.{command.stem}" for command in COMMANDS}
    done = python("-X", "importtime", "-m", "bench", "--help")
    assert "bench.cli.parser" in done.stderr
    assert "numpy" not in done.stderr and "pandas" not in done.stderr


def test_a_command_imports_no_unneeded_command() -> None:
    modules = modules_after("doctor", "--help")
    assert "bench.cli.doctor" in modules
    assert not modules & {"bench.cli.run", "bench.cli.gate", "pandas"}


@pytest.mark.parametrize(
    ("line", "completions"),
    [
        ("python -m bench profile-", {"profile-steps", "profile-layers"}),
        ("python -m bench run --back", {"--backend"}),
        ("python -m bench run --backend t", {"tensorflow", "torch"}),
    ],
)
def test_a_shell_gets_completions(tmp_path: Path, line: str, completions: set[str]) -> None:
    answer = tmp_path / "completions"
    point = str(len(line.encode()))
    python(
        *("-m", "bench"),
        _ARGCOMPLETE="3",
        _ARGCOMPLETE_STDOUT_FILENAME=str(answer),
        _ARGCOMPLETE_SUPPRESS_SPACE="1",
        _ARGCOMPLETE_IFS="\n",
        COMP_LINE=line,
        COMP_POINT=point,
    )
    assert set(answer.read_text().split("\n")) == completions


@pytest.mark.parametrize(
    "words",
    [
        ["race", "--suite=none"],
        ["profile-steps", "--suite=none"],
        ["race", "--resume=none"],
        ["profile-layers", "none"],
        ["certify", "none"],
        ["certify", "mlp", "--backend=jax"],
        ["gate", "--candidate=src=/nowhere"],
        ["gate", "--candidate=", "--noise-threshold=5", "--fail-threshold=2"],
        ["gate", "--resume=none"],
        ["gate-accuracy", "--candidate=pyhton=x"],
        ["equivalence", "--workload=none"],
        ["equivalence", "--dataset=none"],
        ["certify", "mlp", "--dataset=none"],
        ["profile-layers", "mlp", "--dataset=none"],
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_reported_before_the_lock_is_asked_for(
    bench: Bench, words: list[str]
) -> None:
    with timing_lock(default_lock_path(), "another run"):
        assert bench.call(*words, f"--reports={bench.reports}") == ExitCode.USAGE
    assert "another run" not in bench.err
