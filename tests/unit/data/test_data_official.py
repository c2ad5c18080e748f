"""An official file, wherever it already is; and a download where it is nowhere."""

import gzip

import pytest

from data.errors import DownloadFailedError, WrongHashError
from data.keras_cache import file_sha256, keras_file
from data.official import Official, obtain
from tests.fixtures.data_places import served, sha256_of, use_own_keras_home

CONTENT, OTHER = b"the right bytes", b"other bytes"


@pytest.fixture
def datasets(tmp_path, monkeypatch):
    """The folder datasets of Keras's home."""
    return use_own_keras_home(monkeypatch, tmp_path / "keras")


@pytest.fixture
def official(tmp_path, datasets):
    """A file that is nowhere yet, and whose server answers nothing."""
    return Official(
        url="http://127.0.0.1:1/file.bin",
        sha256=sha256_of(CONTENT),
        file="file.bin",
        keras_name="some/file.bin",
        package_path=str(tmp_path / "package" / "file.bin"),
    )


def put(path, content=CONTENT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


PLACES = ["user/file.bin", "keras/datasets/some/file.bin", "package/file.bin"]


@pytest.mark.parametrize("place", PLACES)
def test_the_right_file_is_taken_from_where_it_is(tmp_path, official, place):
    path = put(tmp_path / place)
    assert obtain(official, tmp_path / "user", tmp_path / "kept") == path
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("place", PLACES)
def test_a_file_with_another_hash_is_passed_by_and_kept(tmp_path, official, place):
    path = put(tmp_path / place, OTHER)
    right = put(tmp_path / PLACES[PLACES.index(place) - 1])
    assert obtain(official, tmp_path / "user", tmp_path / "kept") == right
    assert path.read_bytes() == OTHER


def test_a_gzipped_file_with_the_right_content_is_taken_whatever_its_header(tmp_path, official):
    packed = Official(**vars(official) | {"content_sha256": sha256_of(CONTENT)})
    put(tmp_path / PLACES[0], gzip.compress(OTHER))
    path = put(tmp_path / "package/file.bin", gzip.compress(CONTENT, mtime=7))
    assert obtain(packed, tmp_path / "user", tmp_path / "kept") == path


@pytest.mark.parametrize(
    "content",
    [CONTENT, gzip.compress(CONTENT)[:-3], gzip.compress(OTHER)],
    ids=["not gzipped", "cut off", "another"],  # else by its bytes, which hold the time
)
def test_a_file_that_is_not_the_right_content_gzipped_is_passed_by(tmp_path, official, content):
    packed = Official(**vars(official) | {"content_sha256": sha256_of(CONTENT), "sha256": "0" * 64})
    put(tmp_path / "package/file.bin", content)
    with pytest.raises(DownloadFailedError):
        obtain(packed, None, tmp_path / "kept")


def test_what_is_nowhere_is_downloaded_and_kept(tmp_path, official):
    for place in PLACES:
        put(tmp_path / place, OTHER)
    with served({"file.bin": CONTENT}) as (address, asked):
        there = Official(**vars(official) | {"url": f"{address}/file.bin"})
        paths = {obtain(there, tmp_path / "user", tmp_path / "kept") for _ in range(2)}
    assert paths == {tmp_path / "kept" / "file.bin"} and asked == ["file.bin"]
    assert (tmp_path / "kept" / "file.bin").read_bytes() == CONTENT


def test_no_place_but_its_address_is_enough(tmp_path, datasets):
    with served({"file.bin": CONTENT}) as (address, _):
        bare = Official(url=f"{address}/file.bin", sha256=sha256_of(CONTENT), file="file.bin")
        assert obtain(bare, None, tmp_path / "kept").read_bytes() == CONTENT


def test_a_download_with_another_hash_is_refused_and_removed(tmp_path, official):
    with served({"file.bin": OTHER}) as (address, _):
        there = Official(**vars(official) | {"url": f"{address}/file.bin"})
        with pytest.raises(
            WrongHashError, match=rf"{address}/file\.bin .*{official.sha256}.*removed"
        ):
            obtain(there, None, tmp_path / "kept")
    assert list((tmp_path / "kept").iterdir()) == []


def test_a_failed_download_names_the_file_that_would_do_and_no_other(tmp_path, official):
    with served({}) as (address, _):
        there = Official(**vars(official) | {"url": f"{address}/file.bin"})
        sentence = r"HTTP status 404\); [^/]* folder that holds file\.bin with --data-dir or KERAS_"
        with pytest.raises(DownloadFailedError, match=sentence):
            obtain(there, tmp_path / "user", tmp_path / "kept")


def test_keras_home_is_that_of_the_environment_or_else_in_the_users(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", "")
    path = put(tmp_path / ".keras" / "datasets" / "file.bin")
    assert keras_file("file.bin", sha256_of(CONTENT)) == path
    monkeypatch.setenv("KERAS_HOME", "~/elsewhere")
    assert keras_file("file.bin", sha256_of(CONTENT)) is None
    path = put(tmp_path / "elsewhere" / "datasets" / "file.bin")
    assert keras_file("file.bin", sha256_of(CONTENT)) == path


def test_a_folder_or_nothing_has_no_hash(tmp_path):
    assert file_sha256(tmp_path) is None and file_sha256(tmp_path / "nothing") is None
    assert file_sha256(put(tmp_path / "file")) == sha256_of(CONTENT)
