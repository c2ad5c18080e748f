"""npz:PATH, a user's archive of arrays: nothing in it is unpickled, and all garbage is refused."""

import io
import os
import random
import zipfile
from typing import Any

import numpy as np
import pytest

from data.dataset import open_dataset
from data.errors import DataError, MissingSourceError, SourceUnreadableError, WrongArraysError
from data.npz import read_npz
from data.prepare import find_source, prepare
from tests.fixtures.present import one_array

X = np.arange(60, dtype=np.float32).reshape(20, 3)
Y = np.arange(20) % 4


def prepared(path, tmp_path):
    return prepare(f"npz:{path}", cache_dir=tmp_path / "cache")


def refused(path, tmp_path, error, sentence):
    with pytest.raises(error, match=sentence) as caught:
        prepared(path, tmp_path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=X, y=Y)
    return path


def test_the_arrays_are_prepared_and_their_classes_counted(path, tmp_path):
    dataset = open_dataset(prepared(path, tmp_path))
    x_train, y_train = one_array(dataset.x_train), one_array(dataset.y_train)
    assert x_train.shape == (16, 3) and one_array(dataset.x_test).shape == (4, 3)
    assert x_train.dtype == np.float32 and y_train.dtype == np.int64
    assert dataset.manifest.classes == 4 and dataset.manifest.official is False
    assert dataset.manifest.name == f"npz:{path}"


def test_the_source_in_the_manifest_holds_no_local_path(path, tmp_path):
    assert open_dataset(prepared(path, tmp_path)).manifest.source == "a user's arrays (mine.npz)"


def test_keyed_arrays_come_back_as_dictionaries(tmp_path):
    path = tmp_path / "keyed.npz"
    keyed: dict[str, Any] = {"x.left": X, "x.right": -X, "y": Y / 2}
    np.savez(path, **keyed)
    dataset = open_dataset(prepared(path, tmp_path))
    assert list(dataset.x_test) == ["left", "right"]
    assert np.array_equal(dataset.x_test["left"], -dataset.x_test["right"])
    assert dataset.manifest.classes == 0


def test_an_unchanged_file_is_not_prepared_again_and_a_changed_one_is(path, tmp_path):
    first = prepared(path, tmp_path)
    assert prepared(path, tmp_path) == first
    os.utime(path, ns=(9, 9))
    second = prepared(path, tmp_path)
    assert second != first
    assert len({open_dataset(folder).manifest.fingerprint for folder in (first, second)}) == 1


def test_another_file_of_the_same_arrays_is_another_dataset(path, tmp_path):
    other = tmp_path / "other.npz"
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    assert prepared(other, tmp_path) != prepared(path, tmp_path)


def test_a_leading_tilde_is_the_users_home(path, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert prepared("~/mine.npz", tmp_path) == prepared(path, tmp_path)


class Trap:
    """What, unpickled, would make a folder."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def test_a_pickled_object_array_is_refused_without_being_unpickled(tmp_path):
    path, made = tmp_path / "trap.npz", tmp_path / "made"
    np.savez(path, x=np.array([Trap(made)] * 20, object), y=Y)
    refused(path, tmp_path, SourceUnreadableError, r"Object arrays.*numpy\.savez writes one")
    assert not made.exists()


def test_a_pickle_in_the_place_of_the_archive_is_refused_without_being_unpickled(tmp_path):
    path, made = tmp_path / "trap.npz", tmp_path / "made"
    np.array([Trap(made)], object).dump(path)
    refused(path, tmp_path, SourceUnreadableError, r"is not an \.npz archive of plain arrays")
    assert not made.exists()


def npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, X)
    return stream.getvalue()


GARBAGE = {"empty": b"", "text": b"x,y\n1,2\n", "one .npy": npy(), "zip's head": b"PK\x03\x04 no"}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_named_with_the_way_to_write_an_archive(tmp_path, kind):
    path = tmp_path / "garbage.npz"
    path.write_bytes(GARBAGE[kind])
    refused(
        path,
        tmp_path,
        SourceUnreadableError,
        r"is not an \.npz archive .*; numpy\.savez writes one",
    )


def test_a_damaged_byte_anywhere_is_never_a_traceback(tmp_path):
    path, chance = tmp_path / "damaged.npz", random.Random(0)
    np.savez_compressed(path, x=X, y=Y)
    good, refusals = path.read_bytes(), 0
    for _ in range(100):
        content = bytearray(good)
        content[chance.randrange(len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            find_source(f"npz:{path}", None, tmp_path).read()
        except DataError:
            refusals += 1
    assert refusals > 30


def test_an_archive_that_unpacks_to_more_than_the_memory_is_not_unpacked(tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(2**22, np.uint8), y=np.zeros(4))
    assert (tmp_path / "bomb.npz").stat().st_size < 2**14
    pages = {"SC_PHYS_PAGES": 2**8, "SC_PAGE_SIZE": 2**12}
    monkeypatch.setattr("data.arrays.os.sysconf", pages.__getitem__)
    with pytest.raises(
        SourceUnreadableError, match=r"unpacks to 4,194,\d+ bytes, more than the memory"
    ):
        read_npz(tmp_path / "bomb.npz", "x")


def test_an_array_that_says_it_is_larger_than_its_file_is_refused(tmp_path):
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (1125899906842624,)}"
    header = header.ljust(117) + b"\n"
    with zipfile.ZipFile(tmp_path / "lies.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(
        SourceUnreadableError, match=r"lies\.npz is not an \.npz archive of plain arrays"
    ):
        read_npz(tmp_path / "lies.npz", "x")


def test_an_archive_cut_short_is_refused(path, tmp_path):
    os.truncate(path, path.stat().st_size // 2)
    refused(path, tmp_path, SourceUnreadableError, r"is not an \.npz archive")


def test_wrong_arrays_are_named_with_the_file(tmp_path):
    path = tmp_path / "wrong.npz"
    np.savez(path, X, Y)
    refused(path, tmp_path, WrongArraysError, "holds arr_0, arr_1, where x_train, y_train")


def test_a_missing_file_or_a_folder_is_named(tmp_path):
    refused(
        tmp_path / "nothing.npz", tmp_path, MissingSourceError, "is missing or not a regular file"
    )
    refused(tmp_path, tmp_path, MissingSourceError, "is missing or not a regular file")


def test_a_file_gone_after_it_was_found_is_named(path, tmp_path):
    source = find_source(f"npz:{path}", None, tmp_path)
    path.unlink()
    with pytest.raises(SourceUnreadableError, match=r"mine\.npz cannot be read \(No such file"):
        source.read()


def test_a_name_too_long_for_a_file_is_one_sentence(tmp_path):
    refused(
        tmp_path / ("n" * 300), tmp_path, SourceUnreadableError, r"cannot be read \(File name too"
    )


def test_a_loop_of_links_is_one_sentence(tmp_path):
    (tmp_path / "loop.npz").symlink_to("loop.npz")
    sentence = r"loop\.npz.* (cannot be|is missing)"
    refused(tmp_path / "loop.npz", tmp_path, (MissingSourceError, SourceUnreadableError), sentence)


def test_the_home_of_an_unknown_user_is_one_sentence(tmp_path):
    refused(
        "~no.such.user/a.npz",
        tmp_path,
        MissingSourceError,
        r"cannot be found \(Could not determine home",
    )
