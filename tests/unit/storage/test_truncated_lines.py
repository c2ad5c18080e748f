"""Files that a crash never leaves half-written, and lines that a power cut tore."""

import os
from pathlib import Path

import pytest

from bench.storage.atomic import append_durably, set_aside_truncated_line, write_atomic


def test_a_file_is_replaced_whole_and_its_folder_holds_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"two", [path])


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_what_fails_leaves_the_former_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "x.json"
    write_atomic(path, b"one")

    def fail(*_: object, **__: object) -> None:
        raise OSError("full")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OSError, match="full"):
        write_atomic(path, b"two")
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"one", [path])


@pytest.mark.parametrize(
    "torn", [b'{"a": 3', b'{"a": 3}', b"\x00\x00\x00", b'{"a": \x00\n', b"x\n"]
)
def test_a_torn_last_line_is_set_aside_and_none_of_it_is_lost(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "x.jsonl"
    whole = b'{"a": 1}\n{"a": 2}\n'
    append_durably(path, whole + torn)
    assert set_aside_truncated_line(path)
    assert path.read_bytes() == whole
    assert (tmp_path / "x.jsonl.broken").read_bytes() == torn.removesuffix(b"\n") + b"\n"
    append_durably(path, b"[")
    assert set_aside_truncated_line(path)
    assert (tmp_path / "x.jsonl.broken").read_bytes().endswith(b"\n[\n")
    assert not set_aside_truncated_line(path)


@pytest.mark.parametrize("content", [b"", b'{"a": 1}\n', b'{"a": 1}\nnonsense\n{"a": 2}\n'])
def test_what_is_not_torn_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.jsonl"
    assert not set_aside_truncated_line(path)
    path.write_bytes(content)
    assert not set_aside_truncated_line(path)
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (content, [path])


def test_a_torn_only_line_leaves_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b'{"a')
    assert set_aside_truncated_line(path)
    assert path.read_bytes() == b""
