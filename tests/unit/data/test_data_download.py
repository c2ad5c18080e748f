"""cifar10 downloaded from a server on this machine, in a format of 20 rows a file."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from data import cifar10
from data.dataset import open_dataset
from data.errors import (
    CacheUnwritableError,
    DownloadFailedError,
    WrongHashError,
)
from data.prepare import prepare
from tests.fixtures.cifar10_files import (
    GOOD_MEMBERS,
    archive_of,
    assert_is_ours,
    believe_official,
    files_under,
    use_small_files,
)


@pytest.fixture(autouse=True)
def small_files(monkeypatch, tmp_path_factory):
    use_small_files(monkeypatch)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path_factory.mktemp("keras")))


class ArchiveServer(ThreadingHTTPServer):
    """What it answers, and how often it was asked."""

    status, content, requests = 200, b"", 0
    announced: int | None = None


@pytest.fixture
def server(monkeypatch):
    """Serve `server.content` with `server.status`, announcing `server.announced` bytes."""

    class Handler(BaseHTTPRequestHandler):
        server: ArchiveServer

        def do_GET(self):
            self.server.requests += 1
            self.send_response(self.server.status)
            announced = self.server.announced or len(self.server.content)
            self.send_header("Content-Length", str(announced))
            self.end_headers()
            self.wfile.write(self.server.content)

        def log_message(self, *_):
            pass

    with ArchiveServer(("127.0.0.1", 0), Handler) as http:
        url = f"http://127.0.0.1:{http.server_port}/cifar-10-binary.tar.gz"
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", url)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield http
        http.shutdown()
        thread.join()


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
    with pytest.raises(WrongHashError, match=r"http://127.* was removed; try again.*--data-dir"):
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
    with pytest.raises(DownloadFailedError, match="http://127"):
        prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_an_http_error_names_the_status_and_the_way_out(tmp_path, server):
    server.status = 404
    with pytest.raises(
        DownloadFailedError, match=r"HTTP status 404.*--data-dir or KERAS_BENCH_DATA"
    ):
        prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_no_network_names_the_url_and_the_way_out(tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, never listening: connections are refused
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/cifar-10-binary.tar.gz"
        monkeypatch.setattr(cifar10, "ARCHIVE_URL", url)
        with pytest.raises(DownloadFailedError, match=rf"{url} .*\(ConnectionError\).*--data-dir"):
            prepare("cifar10", cache_dir=tmp_path)
    assert files_under(tmp_path) == []


def test_a_download_into_a_cache_that_cannot_be_written_is_one_sentence(tmp_path, server):
    (tmp_path / cifar10.DOWNLOAD_FOLDER).touch()
    with pytest.raises(CacheUnwritableError, match="KERAS_BENCH_CACHE"):
        prepare("cifar10", cache_dir=tmp_path)
    assert server.requests == 0
