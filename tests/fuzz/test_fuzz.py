"""Every parser takes hostile input: a few new inputs of each kind, and all that once were found."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.all import TARGETS
from tests.fuzz.found import FOUND
from tests.fuzz.session import fuzz, keep
from tests.fuzz.target import Target

#: For any length of time: `tox -e fuzz`.
FEW = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_parser_takes_it_or_refuses_it_in_one_line(
    target: Target, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @FEW
    @given(target.inputs)
    def feed(content: bytes) -> None:
        target.feed(content, tmp_path_factory.mktemp("fuzz"))

    feed()


@pytest.mark.parametrize(("name", "content"), FOUND, ids=[f"{n}-{c[:20]!r}" for n, c in FOUND])
def test_what_was_found_once_is_taken(name: str, content: bytes, tmp_path: Path) -> None:
    TARGETS[name].feed(content, tmp_path)


class SparedError(Exception):
    """An error of a parser of our own."""


def _target(read) -> Target:
    return Target("ours", TARGETS["csv"].inputs, read, (SparedError,))


def _fails_on_a_bracket(content: bytes, folder: Path) -> None:
    if b"[" in content:
        raise KeyError("no bracket")


def _steers_the_terminal(content: bytes, folder: Path) -> None:
    raise SparedError("\x1b[2J")


def _says_nothing(content: bytes, folder: Path) -> None:
    raise SparedError


@pytest.mark.parametrize("read", [_fails_on_a_bracket, _steers_the_terminal, _says_nothing])
def test_a_parser_that_fails_is_found_and_its_input_is_kept(read, tmp_path: Path) -> None:
    session = fuzz(_target(read), 30.0, 0, lambda fed, findings: None, most=1)
    [finding] = session.findings
    assert session.examples > 0
    path = keep(finding, session.target, tmp_path / "findings")
    with pytest.raises((KeyError, AssertionError)):
        _target(read).feed(path.read_bytes(), tmp_path)


def test_a_parser_that_refuses_in_a_sentence_is_fine(tmp_path: Path) -> None:
    def refuses(content: bytes, folder: Path) -> None:
        raise SparedError("ours is no document.")

    assert fuzz(_target(refuses), 0.2, 0, lambda fed, findings: None).findings == []
