"""cifar10 from a local folder, a local archive and a download, in a format of 20 rows a file."""

import hashlib
import io
import os
import socket
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from data import cifar10
from data.dataset import open_dataset
from data.errors import (
    CacheUnwritable,
    DownloadFailed,
    LabelOutOfRange,
    MissingSource,
    SourceUnreadable,
    TruncatedFile,
    WrongHash,
    WrongSize,
)
from data.prepare import prepare

ROWS = 20


@pytest.fixture(autouse=True)
def small_files(monkeypatch):
    monkeypatch.setattr(cifar10, "ROWS_PER_FILE", ROWS)
    monkeypatch.delenv("KERAS_BENCH_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def rows_of(name: str) -> bytes:
    random = np.random.RandomState(cifar10.FILES.index(name))
    table = random.randint(0, 256, (ROWS, cifar10.ROW_BYTES), np.uint8)
    table[:, 0] %= 10
    return table.tobytes()


@pytest.fixture
def data_dir(tmp_path) -> Path:
    folder = tmp_path / "user" / cifar10.FOLDER
    folder.mkdir(parents=True)
    for name in cifar10.FILES:
        (folder / name).write_bytes(rows_of(name))
    return folder.parent


def archive_of(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


GOOD_MEMBERS = {f"{cifar10.FOLDER}/readme.html": b"hello", "../../evil.bin": b"never extracted"}
# Not in the order of FILES: each member finds its own place.
GOOD_MEMBERS |= {f"{cifar10.FOLDER}/{name}": rows_of(name) for name in reversed(cifar10.FILES)}


def believe_official(monkeypatch, content: bytes) -> None:
    monkeypatch.setattr(cifar10, "ARCHIVE_SHA256", hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(cifar10, "ARCHIVE_SIZE_BYTES", len(content))


@pytest.fixture
def server(monkeypatch):
    """Serve `server.content` with `server.status`, announcing `server.announced` bytes."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests += 1
            self.send_response(self.server.status)
            announced = self.server.announced or len(self.server.content)
            self.send_header("Content-Length", str(announced))
            self.end_headers()
            self.wfile.write(self.server.content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.status, http.content, http.announced, http.requests = 200, b"", None, 0
        url = f"http://127.0.0.1:{http.server_port}/cifar-10-binary.tar.gz"
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", url)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def files_under(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files_under(folder)}


def assert_is_ours(dataset) -> None:
    """The pixels and labels are those of rows_of(), file after file."""
    assert dataset.x_train.shape == (5 * ROWS, 32, 32, 3) and dataset.x_train.dtype == np.uint8
    assert dataset.x_test.shape == (ROWS, 32, 32, 3) and dataset.y_test.dtype == np.int64
    third = np.frombuffer(rows_of("data_batch_3.bin"), np.uint8).reshape(ROWS, -1)
    row, column, green = 7, 11, 1
    assert dataset.y_train[2 * ROWS + 4] == third[4, 0]
    pixel = third[4, 1 + green * 1024 + row * 32 + column]
    assert dataset.x_train[2 * ROWS + 4, row, column, green] == pixel
    test = np.frombuffer(rows_of(cifar10.TEST_FILE), np.uint8).reshape(ROWS, -1)
    assert np.array_equal(dataset.y_test, test[:, 0])
    assert np.array_equal(dataset.x_test[0, :, :, 2].ravel(), test[0, 2049:])


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
    ("change_bytes", "error"), [(-1, TruncatedFile), (-3073, TruncatedFile), (1, WrongSize)]
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
    with pytest.raises(TruncatedFile, match=r"test_batch\.bin has 5 bytes"):
        source.read()


def test_a_label_above_9_is_named_with_its_file_and_row_and_leaves_nothing(data_dir, tmp_path):
    path = data_dir / cifar10.FOLDER / "data_batch_5.bin"
    rows = bytearray(path.read_bytes())
    rows[3 * cifar10.ROW_BYTES] = 10
    path.write_bytes(rows)
    with pytest.raises(LabelOutOfRange, match=r"data_batch_5\.bin has the label 10 in row 3"):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")
    assert files_under(tmp_path / "cache") == []


def test_a_missing_file_is_named(data_dir, tmp_path):
    (data_dir / cifar10.FOLDER / "test_batch.bin").unlink()
    with pytest.raises(MissingSource, match=r"test_batch\.bin is missing"):
        prepare("cifar10", data_dir=data_dir, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("made", [True, False])
def test_a_missing_folder_is_named_with_what_it_must_hold(tmp_path, made):
    folder = tmp_path / "nothing"
    if made:
        folder.mkdir()
    with pytest.raises(MissingSource, match=r"nothing \(from --data-dir .*cifar-10-batches-bin"):
        prepare("cifar10", data_dir=folder, cache_dir=tmp_path / "cache")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(data_dir, tmp_path):
    (data_dir / cifar10.FOLDER / "test_batch.bin").chmod(0)
    with pytest.raises(SourceUnreadable, match=r"test_batch\.bin cannot be read"):
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
    with pytest.raises(WrongHash, match="sha256"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")
    assert path.exists() and files_under(tmp_path / "cache") == []


def test_a_local_archive_cut_short_is_called_truncated(tmp_path):
    (tmp_path / cifar10.ARCHIVE_FILE).write_bytes(b"short")
    with pytest.raises(TruncatedFile, match="170,052,171"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")


BAD_ARCHIVES = {
    "no member": (archive_of({}), MissingSource),
    "short member": (
        archive_of(GOOD_MEMBERS | {f"{cifar10.FOLDER}/test_batch.bin": b"0"}),
        TruncatedFile,
    ),
    "cut stream": (archive_of(GOOD_MEMBERS)[:5000], SourceUnreadable),
    "not an archive": (b"<html>moved</html>", SourceUnreadable),
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
    with pytest.raises(MissingSource, match="lacks the member"):
        prepare("cifar10", data_dir=tmp_path, cache_dir=tmp_path / "cache")


def test_the_download_is_official_and_happens_once(tmp_path, monkeypatch, server):
    server.content = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, server.content)
    folder = prepare("cifar10", cache_dir=tmp_path)
    assert_is_ours(open_dataset(folder))
    assert open_dataset(folder).manifest.official is True
    (folder / "manifest.json").unlink()  # prepared anew from the archive that is kept
    assert prepare("cifar10", cache_dir=tmp_path) == folder
    assert server.requests == 1


def test_a_download_with_another_hash_is_removed_and_tried_again(tmp_path, monkeypatch, server):
    good = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, good)
    server.content = b"captive portal"
    with pytest.raises(WrongHash, match=r"http://127.* was removed; try again.*--data-dir"):
        prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []
    server.content = good
    assert_is_ours(open_dataset(prepare("cifar10", cache_dir=tmp_path)))


def test_an_archive_damaged_in_the_cache_is_downloaded_again(tmp_path, monkeypatch, server):
    server.content = archive_of(GOOD_MEMBERS)
    believe_official(monkeypatch, server.content)
    kept = tmp_path / cifar10.DOWNLOAD_FOLDER / cifar10.ARCHIVE_FILE
    kept.parent.mkdir()
    kept.write_bytes(b"damaged")
    kept.with_name("tmpkilled").write_bytes(b"half")
    assert_is_ours(open_dataset(prepare("cifar10", cache_dir=tmp_path)))
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]


def test_a_download_cut_short_leaves_nothing(tmp_path, server):
    server.content, server.announced = b"half", 1000
    with pytest.raises(DownloadFailed, match="http://127"):
        prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_an_http_error_names_the_status_and_the_way_out(tmp_path, server):
    server.status = 404
    with pytest.raises(DownloadFailed, match=r"HTTP status 404.*--data-dir or KERAS_BENCH_DATA"):
        prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_no_network_names_the_url_and_the_way_out(tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, never listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/cifar-10-binary.tar.gz"
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", url)
        with pytest.raises(DownloadFailed, match=rf"{url} .*\(ConnectionError\).*--data-dir"):
            prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_a_download_into_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, server):
    (tmp_path / cifar10.DOWNLOAD_FOLDER).touch()
    with pytest.raises(CacheUnwritable, match="KERAS_BENCH_CACHE"):
        prepare("cifar10", cache_dir=tmp_path)
    assert server.requests == 0


def test_the_official_constants_are_those_of_the_datasets_home_page():
    assert cifar10.ARCHIVE_URL == "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    assert len(cifar10.ARCHIVE_SHA256) == 64 and cifar10.ARCHIVE_SIZE_BYTES == 170_052_171
    assert cifar10.ROW_BYTES * 10_000 == 30_730_000
