"""cifar10 from a local folder and a local archive, in a format of 20 rows a file."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from data import cifar10
from data.dataset import open_dataset
from data.errors import (
    LabelOutOfRangeError,
    MissingSourceError,
    SourceUnreadableError,
    TruncatedFileError,
    WrongHashError,
    WrongSizeError,
)
from data.prepare import prepare
from tests.fixtures.cifar10_files import (
    GOOD_MEMBERS,
    archive_of,
    assert_is_ours,
    believe_official,
    files_under,
    rows_of,
    use_small_files,
)


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    use_small_files(monkeypatch)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "user" / cifar10.FOLDER
    folder.mkdir(parents=True)
    for name in cifar10.FILES:
        (folder / name).write_bytes(rows_of(name))
    return folder.parent


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_under(folder)}


def test_a_local_folder_is_decoded_and_never_called_official(data_dir, tmp_path):
    before = contents(data_dir)
    folder = prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")
    dataset = open_dataset(folder)
    assert_is_ours(dataset)
    assert dataset.manifest.official is False and dataset.manifest.classes == 10
    assert contents(data_dir) == before


def test_the_manifest_holds_no_local_path(data_dir, tmp_path):
    folder = prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert str(tmp_path) not in (folder / "manifest.json").read_text()


def test_the_environment_names_the_folder_where_no_option_does(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BENCH_DATA", str(data_dir))
    folder = prepare("cifar10", cache_dir=tmp_path / "cache")
    assert open_dataset(folder).manifest.official is False


def test_a_changed_source_is_prepared_anew_and_an_unchanged_one_is_not(data_dir, tmp_path):
    def prepared():
        return prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")

    first = prepared()
    assert prepared() == first
    os.utime(data_dir / cifar10.FOLDER / "data_batch_2.bin", ns=(9, 9))
    assert prepared() != first


@pytest.mark.parametrize(
    ("change_bytes", "error"),
    [(-1, TruncatedFileError), (-3073, TruncatedFileError), (1, WrongSizeError)],
)
def test_a_file_of_another_size_is_named_with_both_sizes(data_dir, tmp_path, change_bytes, error):
    path = data_dir / cifar10.FOLDER / "data_batch_4.bin"
    os.truncate(path, path.stat().st_size + change_bytes)
    with pytest.raises(
        error, match=r"data_batch_4\.bin has [\d,]+ bytes, where exactly 61,460 are"
    ):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")


def test_a_file_that_shrinks_after_it_was_found_is_named(data_dir, tmp_path):
    source = cifar10.cifar10_source(data_dir, tmp_path)
    os.truncate(data_dir / cifar10.FOLDER / cifar10.TEST_FILE, 5)
    with pytest.raises(TruncatedFileError, match=r"test_batch\.bin has 5 bytes"):
        source.read()


def test_a_label_above_9_is_named_with_its_file_and_row_and_leaves_nothing(data_dir, tmp_path):
    path = data_dir / cifar10.FOLDER / "data_batch_5.bin"
    rows = bytearray(path.read_bytes())
    rows[3 * cifar10.ROW_BYTES] = 10
    path.write_bytes(rows)
    with pytest.raises(LabelOutOfRangeError, match=r"data_batch_5\.bin has the label 10 in row 3"):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert files_under(tmp_path / "cache") == []


def test_a_missing_file_is_named(data_dir, tmp_path):
    (data_dir / cifar10.FOLDER / "test_batch.bin").unlink()
    with pytest.raises(MissingSourceError, match=r"test_batch\.bin is missing"):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("made", [True, False])
def test_a_missing_folder_is_named_with_what_it_must_hold(tmp_path, made):
    folder = tmp_path / "nothing"
    if made:
        folder.mkdir()
    with pytest.raises(
        MissingSourceError, match=r"nothing \(from --data-dir .*cifar-10-batches-bin"
    ):
        prepare("cifar10", data_dir=folder, cache_dir=tmp_path / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(data_dir, tmp_path):
    (data_dir / cifar10.FOLDER / "test_batch.bin").chmod(0)
    with pytest.raises(SourceUnreadableError, match=r"test_batch\.bin cannot be read"):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")


def test_a_local_archive_with_the_right_hash_is_official(tmp_path, monkeypatch):
    content = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, content)
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(content)
    dataset = open_dataset(prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache"))
    assert_is_ours(dataset)
    assert dataset.manifest.official is True
    assert not list(tmp_path.parent.rglob("evil.bin"))


def test_a_folder_and_an_archive_of_the_same_bytes_have_one_fingerprint(
    data_dir, tmp_path, monkeypatch
):
    content = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, content)
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(content)
    folders = [
        prepare("cifar10", data_dir=place, cache_dir=tmp_path / "cache")
        for place in (data_dir, tmp_path)
    ]
    assert folders[0] != folders[1]
    assert len({open_dataset(folder).manifest.fingerprint for folder in folders}) == 1


def test_a_local_archive_with_another_hash_is_an_error(tmp_path, monkeypatch):
    content = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, content)
    path = tmp_path / cifar10.ARCHIVE_FILE
    path.write_bytes(content[:-1] + b"?")
    with pytest.raises(WrongHashError, match="sha256"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")
    assert path.exists() and files_under(tmp_path / "cache") == []


def test_a_local_archive_cut_short_is_called_truncated(tmp_path):
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(b"short")
    with pytest.raises(TruncatedFileError, match="170,052,171"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")


BAD_ARCHIVES = {
    "no member": (archive_of({}), MissingSourceError),
    "short member": (
        archive_of(GOOD_MEMBERS | {f"{cifar10.FOLDER}/test_batch.bin": b"0"}),
        TruncatedFileError,
    ),
    "cut stream": (archive_of(GOOD_MEMBERS)[:5000], SourceUnreadableError),
    "not an archive": (b"<html>moved</html>", SourceUnreadableError),
}


@pytest.mark.parametrize("kind", BAD_ARCHIVES)
def test_an_archive_that_lacks_or_damages_a_member_is_an_error(tmp_path, monkeypatch, kind):
    content, error = BAD_ARCHIVES[kind]
    believe_official(monkeypatch, content)
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(content)
    with pytest.raises(error, match=r"cifar-10-binary\.tar\.gz"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")
    assert files_under(tmp_path / "cache") == []


def test_a_link_with_a_members_name_is_not_followed(tmp_path, monkeypatch):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo(f"{cifar10.FOLDER}/test_batch.bin")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    believe_official(monkeypatch, stream.getvalue())
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(stream.getvalue())
    with pytest.raises(MissingSourceError, match="lacks the member"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")


def test_the_official_constants_are_those_of_the_datasets_home_page():
    assert cifar10.ARCHIVE_URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert len(cifar10.ARCHIVE_SHA256) == 64 and cifar10.ARCHIVE_SIZE_BYTES == 170_052_171
    assert cifar10.ROW_BYTES * 10_000 == 30_730_000
