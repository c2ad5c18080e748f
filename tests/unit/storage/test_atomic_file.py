"""The one writer of temporary files: whole or not at all, whoever else writes there."""

import ast
import os
from pathlib import Path

import pytest

from bench.core.atomic_file import replacing
from tests.contract.source import sources_of


def test_a_file_is_the_former_one_until_the_new_one_is_whole(tmp_path):
    path = tmp_path / "file"
    path.write_text("former")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "former"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("durable", [False, True])
def test_an_error_leaves_the_former_file_and_no_other(tmp_path, durable):
    path = tmp_path / "file"
    path.write_text("former")
    with pytest.raises(KeyboardInterrupt), replacing(path, durable=durable) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_of_one_process_id_do_not_meet(tmp_path):
    path = tmp_path / "file"
    with replacing(path) as first, replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_durable_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    synced = []
    links = Path("/proc/self/fd")
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append((links / str(fd)).readlink()))
    with replacing(tmp_path / "file", durable=True) as temporary:
        temporary.write_text("whole")
    assert synced == [temporary, tmp_path]


def test_no_other_module_of_bench_writes_a_temporary_file_and_renames_it():
    writers = {
        source.path
        for source in sources_of("bench")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Constant) and str(node.value).endswith(".tmp")
    }
    assert writers == {
        "bench/core/atomic_file.py",
        "bench/integrity/check.py",  # finds what a killed process left
        "bench/regression/accuracy/stored_baseline.py",  # a folder
        "bench/storage/store.py",  # a probe, which gets no other name
    }
