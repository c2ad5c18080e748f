"""Archives read by exact name, and pickles in them that can make arrays and nothing else."""

import copyreg
import gzip
import io
import os
import pickle
import tarfile

import numpy as np
import pytest

from data import archive as archive_module
from data.archive import check_size, read_members
from data.errors import (
    MissingSourceError,
    SourceUnreadableError,
    TruncatedFileError,
    WrongSizeError,
)
from data.keras_cache import read_batches
from tests.fixtures.cifar10_files import archive_of
from tests.fixtures.data_places import python2_pickle

MEMBERS = {"in/b": b"second", "in/a": b"first", "../evil": b"never"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.tar.gz"
    path.write_bytes(archive_of(MEMBERS))
    return path


def test_named_members_come_in_the_archives_order_and_nothing_is_extracted(path):
    assert list(read_members(path, {"in/a": 5, "in/b": None})) == [
        ("in/b", b"second"),
        ("in/a", b"first"),
    ]
    assert list(path.parent.iterdir()) == [path]


def test_a_missing_member_is_named_with_the_archive(path):
    with pytest.raises(MissingSourceError, match=rf"{path} lacks the member in/c\."):
        list(read_members(path, {"in/a": 5, "in/c": None, "in/d": None}))


@pytest.mark.parametrize(("size", "error"), [(6, TruncatedFileError), (4, WrongSizeError)])
def test_a_member_of_another_size_is_named_with_both(path, size, error):
    sentence = f"{path}:in/a has 5 bytes, where exactly {size} are allowed"
    with pytest.raises(error, match=sentence):
        list(read_members(path, {"in/a": size}))


def test_a_member_of_any_size_has_a_limit(path, monkeypatch):
    monkeypatch.setattr(archive_module, "MOST_BYTES", 5)
    assert len(list(read_members(path, {"in/a": None}))) == 1
    with pytest.raises(WrongSizeError, match="in/b has 6 bytes, where exactly 5 are allowed"):
        list(read_members(path, {"in/b": None}))


def test_an_archive_that_unpacks_to_more_than_it_may_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(archive_module, "MOST_UNPACKED_BYTES", 2**20)
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(archive_of({"in/zeros": bytes(2**22), "in/a": b"first"}))
    assert path.stat().st_size < 2**14
    with pytest.raises(SourceUnreadableError, match=r"bomb\.tar\.gz .* more than 1,048,576 bytes"):
        list(read_members(path, {"in/a": 5}))


def test_a_header_that_is_a_bomb_is_not_unpacked_into_memory(tmp_path, monkeypatch):
    """tarfile reads the whole of an extended header, which may say that it has gigabytes."""
    monkeypatch.setattr(archive_module, "MOST_UNPACKED_BYTES", 2**20)
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 2**32
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + bytes(2**23)))
    with pytest.raises(SourceUnreadableError, match="more than 1,048,576 bytes"):
        list(read_members(path, {"in/a": 5}))


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "in/../../evil", "in/a/../../../evil"])
def test_a_name_that_leads_out_of_the_archive_is_a_name_like_any_other(tmp_path, name):
    path = tmp_path / "inside" / "traversal.tar.gz"
    path.parent.mkdir()
    path.write_bytes(archive_of({name: b"evil", "in/a": b"first"}))
    assert list(read_members(path, {"in/a": 5})) == [("in/a", b"first")]
    assert [p.name for p in tmp_path.rglob("*")] == ["inside", "traversal.tar.gz"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE])
def test_a_link_or_a_folder_with_the_members_name_is_not_read(tmp_path, kind):
    path = tmp_path / "links.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        member = tarfile.TarInfo("in/a")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(MissingSourceError, match="lacks the member in/a"):
        list(read_members(path, {"in/a": None}))


@pytest.mark.parametrize(
    "content", [b"", b"<html>", archive_of(MEMBERS)[:60]], ids=["empty", "HTML", "cut short"]
)
def test_a_damaged_archive_is_named(path, content):
    path.write_bytes(content)
    with pytest.raises(SourceUnreadableError, match=f"{path} cannot be read"):
        list(read_members(path, {"in/a": 5}))


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(SourceUnreadableError, match=r"nothing cannot be read \(No such file"):
        list(read_members(tmp_path / "nothing", {"in/a": 5}))


def test_the_right_size_raises_nothing():
    check_size("file", 5, 5)


def batches(tmp_path, content):
    path = tmp_path / "pickles.tar.gz"
    path.write_bytes(archive_of({"in/batch": content}))
    return list(read_batches(path, ("in/batch",)))


def test_a_pickle_of_python_2_gives_its_arrays_and_lists(tmp_path):
    data = np.arange(24, dtype=np.uint8).reshape(4, 6)
    content = python2_pickle({b"data": data, b"labels": [3, 1, 2, 0]})
    assert b"cnumpy.core.multiarray\n_reconstruct" in content
    [(name, batch)] = batches(tmp_path, content)
    assert name == "in/batch" and batch[b"labels"] == [3, 1, 2, 0]
    assert np.array_equal(batch[b"data"], data) and batch[b"data"].dtype == np.uint8


class Call:
    """Pickled, the call of a function with one argument."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("function", [os.system, eval, exec, open, __import__, np.load])
def test_a_pickle_that_would_call_anything_else_is_refused_and_not_run(
    tmp_path, monkeypatch, function, protocol
):
    monkeypatch.chdir(tmp_path)
    harm = "touch harm" if function is os.system else "open('harm', 'w')"
    content = pickle.dumps({b"data": Call(function, harm)}, protocol=protocol)
    with pytest.raises(
        SourceUnreadableError, match=r"pickles\.tar\.gz:in/batch .*it would call [\w.]+"
    ):
        batches(tmp_path, content)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pickles.tar.gz"]


def test_a_name_reached_through_an_allowed_one_is_refused(tmp_path):
    content = b"\x80\x04\x8c\x05numpy\x8c\x11ndarray.__class__\x93."  # STACK_GLOBAL
    with pytest.raises(SourceUnreadableError, match=r"it would call numpy\.ndarray\.__class__"):
        batches(tmp_path, content)


def test_an_extension_registered_in_this_process_is_refused(tmp_path):
    copyreg.add_extension("os", "system", 240)
    try:
        with pytest.raises(SourceUnreadableError, match=r"it would call os\.system"):
            batches(tmp_path, b"\x80\x02\x82\xf0.")
    finally:
        copyreg.remove_extension("os", "system", 240)


@pytest.mark.parametrize("content", [b"", b"no pickle", b"\x80\x02}q\x00", b"\x80\x02."])
def test_a_damaged_pickle_is_named(tmp_path, content):
    with pytest.raises(SourceUnreadableError, match=r"pickles\.tar\.gz:in/batch cannot be read"):
        batches(tmp_path, content)


def test_a_pickle_that_lacks_its_end_is_named(tmp_path):
    stream = io.BytesIO(python2_pickle({b"data": np.zeros(9, np.uint8), b"labels": [1]}))
    with pytest.raises(SourceUnreadableError, match="cannot be read"):
        batches(tmp_path, stream.read(60))
