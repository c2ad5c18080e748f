"""Preparing: idempotent, atomic, under a lock, and never at the cost of a user's file."""

import errno
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data import prepare as prepare_module
from data import prepared_folder as folder_module
from data.dataset import open_dataset
from data.errors import (
    BadOptionError,
    CacheUnwritableError,
    DataError,
    ForeignFileError,
    UnknownDatasetError,
)
from data.prepare import default_cache_dir, prepare
from data.source import Source
from data.synthetic import SyntheticSpec, synthetic_source
from tests.fixtures.present import one_array

TINY = "synthetic:shape=4x4x1,classes=2,train=8,test=4"


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def source_that(monkeypatch: pytest.MonkeyPatch, read) -> Source:
    """Let prepare() find a tiny source whose reading is `read(its real arrays)`."""
    real = synthetic_source(SyntheticSpec((4, 4, 1), 2, 8, 4))
    source = replace(real, read=lambda: read(real.read()))
    monkeypatch.setattr(prepare_module, "find_source", lambda *_: source)
    return source


def noting(reads: list[int]):
    """Return a function that returns its arrays, and appends 1 to `reads` at each call."""

    def read(arrays):
        reads.append(1)
        return arrays

    return read


def test_a_prepared_folder_holds_a_manifest_and_four_arrays_and_nothing_else(tmp_path):
    folder = prepare(TINY, cache_dir=tmp_path)
    arrays = ["x_test.npy", "x_train.npy", "y_test.npy", "y_train.npy"]
    assert names_in(folder) == ["manifest.json", *arrays]
    assert names_in(folder.parent) == [folder.name]


def test_preparing_again_reads_and_writes_nothing(tmp_path, monkeypatch):
    reads: list[int] = []
    source_that(monkeypatch, noting(reads))
    first = prepare("x", cache_dir=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in first.iterdir()}
    assert prepare("x", cache_dir=tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in first.iterdir()} == before
    assert reads == [1]


@pytest.mark.parametrize("damage", ["shorter", "touched", "gone", "manifest", "garbage", "older"])
def test_a_damaged_prepared_folder_is_prepared_anew(tmp_path, damage):
    folder = prepare(TINY, cache_dir=tmp_path)
    fingerprint = open_dataset(folder).manifest.fingerprint
    array, manifest = folder / "x_train.npy", folder / "manifest.json"
    match damage:
        case "shorter":
            array.write_bytes(array.read_bytes()[:-1])
        case "touched":
            os.utime(array, ns=(1, 1))
        case "gone":
            array.unlink()
        case "manifest":
            manifest.unlink()
        case "garbage":
            manifest.write_bytes(b"\xff{")
        case "older":
            manifest.write_text(manifest.read_text().replace('"version": 1', '"version": 0'))
    assert prepare(TINY, cache_dir=tmp_path) == folder
    assert open_dataset(folder).manifest.fingerprint == fingerprint
    assert names_in(folder.parent) == [folder.name]


def test_a_file_that_is_not_ours_is_refused_and_kept(tmp_path):
    folder = prepare(TINY, cache_dir=tmp_path)
    (folder / "manifest.json").unlink()
    (folder / "thesis.txt").write_text("years of work")
    before = names_in(folder)
    with pytest.raises(ForeignFileError, match=r"thesis\.txt .* move it away"):
        prepare(TINY, cache_dir=tmp_path)
    assert names_in(folder) == before


def test_a_link_in_the_place_of_a_prepared_folder_is_refused_and_kept(tmp_path):
    folder = prepare(TINY, cache_dir=tmp_path / "cache")
    target = tmp_path / "elsewhere"
    folder.rename(target)
    (target / "manifest.json").unlink()
    folder.symlink_to(target)
    with pytest.raises(ForeignFileError):
        prepare(TINY, cache_dir=tmp_path / "cache")
    assert folder.is_symlink() and len(names_in(target)) == 4


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), MemoryError(), DataError("bad label")])
def test_nothing_is_left_when_reading_fails(tmp_path, monkeypatch, failure):
    def fail(arrays):
        raise failure

    source = source_that(monkeypatch, fail)
    with pytest.raises(type(failure)):
        prepare("x", cache_dir=tmp_path)
    assert names_in(tmp_path / "prepared-v1") == []
    source_that(monkeypatch, lambda arrays: arrays)
    assert prepare("x", cache_dir=tmp_path).name == source.key


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_nothing_is_left_when_writing_stops_halfway(tmp_path, monkeypatch, failure):
    def fail(*_):
        raise failure

    monkeypatch.setattr(folder_module, "write_manifest", fail)
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else CacheUnwritableError
    with pytest.raises(expected):
        prepare(TINY, cache_dir=tmp_path)
    assert names_in(tmp_path / "prepared-v1") == []


def test_a_full_disk_is_one_sentence_that_names_the_cache(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folder_module, "write_manifest", fail)
    with pytest.raises(
        CacheUnwritableError, match=r"prepared-v1 .*No space left.*KERAS_BENCH_CACHE"
    ):
        prepare(TINY, cache_dir=tmp_path)


def test_a_cache_that_is_not_a_folder_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CacheUnwritableError, match=r"cannot be written .*KERAS_BENCH_CACHE"):
        prepare(TINY, cache_dir=tmp_path / "file" / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into read-only folders too")
def test_a_read_only_cache_serves_what_it_holds_and_refuses_the_rest(tmp_path):
    cache = tmp_path / "cache"
    folder = prepare(TINY, cache_dir=cache)
    for path in (folder.parent, cache / "locks", cache):
        path.chmod(0o500)
    try:
        assert prepare(TINY, cache_dir=cache) == folder
        with pytest.raises(CacheUnwritableError):
            prepare(f"{TINY},seed=1", cache_dir=cache)
    finally:
        for path in (cache, cache / "locks", folder.parent):
            path.chmod(0o700)


def test_the_leftovers_of_a_killed_process_are_removed_and_those_of_other_datasets_kept(tmp_path):
    folder = prepare(TINY, cache_dir=tmp_path)
    ours = folder.with_name(f".{folder.name}.tmp.0123abcd")
    other = folder.with_name(f".{folder.name}-more.tmp.0123abcd")
    for leftover in (ours, other):
        leftover.mkdir()
        (leftover / "x_train.npy").touch()
    (folder / "manifest.json").unlink()
    prepare(TINY, cache_dir=tmp_path)
    assert names_in(folder.parent) == [other.name, folder.name]


def test_an_open_dataset_survives_its_folder_being_prepared_anew(tmp_path):
    folder = prepare(TINY, cache_dir=tmp_path)
    dataset = open_dataset(folder)
    before = np.array(dataset.x_train)
    (folder / "manifest.json").unlink()
    prepare(TINY, cache_dir=tmp_path)
    assert np.array_equal(one_array(dataset.x_train), before)


def test_threads_that_prepare_at_once_read_the_source_once(tmp_path, monkeypatch):
    reads: list[int] = []
    start = threading.Barrier(4)
    source_that(monkeypatch, noting(reads))

    def work():
        start.wait()
        prepare("x", cache_dir=tmp_path)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reads == [1]


def test_the_cache_is_the_environments_or_else_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_BENCH_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    assert prepare(TINY).is_relative_to(tmp_path)
    monkeypatch.setenv("KERAS_BENCH_CACHE", "")
    assert default_cache_dir().name == "keras-bench"


def test_a_name_that_is_not_allowed_creates_nothing(tmp_path):
    with pytest.raises(UnknownDatasetError):
        prepare("../../etc", cache_dir=tmp_path)
    with pytest.raises(BadOptionError):
        prepare("synthetic:shape=../..", cache_dir=tmp_path)
    assert names_in(tmp_path) == []
