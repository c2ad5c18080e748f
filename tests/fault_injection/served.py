"""cifar10 in small, and a server on this machine that serves it well or badly."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.fixtures.cifar10_files import GOOD_MEMBERS, ROWS, archive_of
from tests.fixtures.data_places import sha256_of

GOOD = archive_of(GOOD_MEMBERS)


class Server(ThreadingHTTPServer):
    """Answers each request with `status`, and `content` out of the `announced` bytes."""

    status = 200
    content = GOOD
    announced = len(GOOD)
    requests = 0

    @property
    def variables(self) -> dict[str, str]:
        """What `use_small_cifar10` needs to know of it."""
        url = f"http://127.0.0.1:{self.server_port}/cifar-10-binary.tar.gz"
        return {"FAULTS_URL": url, "FAULTS_SHA256": sha256_of(GOOD)}

    def answer(self, status: int, content: bytes, announced: int | None = None) -> None:
        """Answer like this from now on."""
        self.status, self.content = status, content
        self.announced = len(content) if announced is None else announced


@contextmanager
def serving() -> Iterator[Server]:
    """Give a server, which answers with the good archive."""

    class Handler(BaseHTTPRequestHandler):
        server: Server

        def do_GET(self) -> None:
            self.server.requests += 1
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(self.server.announced))
            self.end_headers()
            self.wfile.write(self.server.content)

        def log_message(self, *_: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield http
        finally:
            http.shutdown()
            thread.join()


def use_small_cifar10() -> None:
    """Let cifar10 have 20 rows a file, and come from the server that the environment names."""
    from data import cifar10

    cifar10.ROWS_PER_FILE = ROWS
    cifar10.ARCHIVE_URL = os.environ.get("FAULTS_URL", "http://127.0.0.1:9/none")
    cifar10.ARCHIVE_SHA256 = os.environ.get("FAULTS_SHA256", "")
    cifar10.ARCHIVE_SIZE_BYTES = len(GOOD)


def use_damaged_digits() -> None:
    """Let the digits of the repository be damaged."""
    from pathlib import Path

    from data import digits

    damaged = Path(os.environ["FAULTS_DIGITS"])
    damaged.write_bytes(digits._FILE.read_bytes()[:1000])
    setattr(digits, "_FILE", damaged)  # noqa: B010 - a Final for all others
