"""What asks the network, answered from the stand-ins: urllib (so pandas, NumPy, Keras), requests,
gdown, and `datasets.load_dataset`.
"""

import email.message
import io
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.response import addinfourl

from bench.worker.stand_ins.source import StandInError, StandInSource, note_use

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class _Answer(addinfourl):
    """A response with status 200 that reads a file."""

    msg = "OK"


def answer_urllib(source: StandInSource) -> None:
    """Answer every request of urllib that leaves this machine with a file of `source`."""
    handler = urllib.request.AbstractHTTPHandler
    original = handler.do_open

    def do_open(self: Any, http_class: Any, req: Any, **options: Any) -> Any:
        url = req.full_url
        if _is_local(url):
            return original(self, http_class, req, **options)
        content = source.find(url).read_bytes()
        return _Answer(io.BytesIO(content), _headers(len(content)), url, HTTPStatus.OK)

    handler.do_open = do_open  # type: ignore[method-assign]


def answer_requests(source: StandInSource, module: Any) -> None:
    """Answer every request of the package `requests` that leaves this machine, likewise."""
    adapter = module.adapters.HTTPAdapter
    original = adapter.send

    def send(self: Any, request: Any, *values: Any, **options: Any) -> Any:
        if _is_local(request.url):
            return original(self, request, *values, **options)
        content = source.find(request.url).read_bytes()
        response = module.Response()
        response.status_code, response.reason = HTTPStatus.OK, "OK"
        response.url, response.request = request.url, request
        response.headers["Content-Length"] = str(len(content))
        response.raw = io.BytesIO(content)
        return response

    adapter.send = send


def answer_gdown(source: StandInSource, module: Any) -> None:
    """Let `gdown.download` copy a file of `source`, by the name of the output or of the URL."""

    def download(url: str = "", output: str | None = None, **_: Any) -> str:
        found = source.find(url or "gdown", Path(output or "").name)
        target = output or found.name
        Path(target).write_bytes(found.read_bytes())
        return target

    module.download = download


def answer_load_dataset(source: StandInSource, module: Any) -> None:
    """Let `load_dataset(NAME, [CONFIG])` read the folder's `NAME/[CONFIG/]SPLIT.jsonl`."""
    original = module.load_dataset

    def load_dataset(path: str, name: str | None = None, *, split: Any = None, **_: Any) -> Any:
        files = _split_files(source.folder, path, name)
        note_use(f"datasets.load_dataset({path})")
        return original("json", data_files=files, split=split)

    module.load_dataset = load_dataset


def _split_files(folder: Path, path: str, name: str | None) -> dict[str, str]:
    place = folder / path / (name or "")
    files = {file.stem: str(file) for file in sorted(place.glob("*.jsonl"))}
    if not files:
        raise StandInError(f"no stand-in for the dataset {path}: {place} holds no SPLIT.jsonl")
    return files


def _is_local(url: str) -> bool:
    return (urlsplit(url).hostname or "") in _LOCAL


def _headers(length: int) -> email.message.Message:
    headers = email.message.Message()
    headers["Content-Length"] = str(length)
    return headers
