"""Published files: their sha256, and the places where a copy may already exist."""

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path

from data.download import download_archive
from data.keras_cache import file_sha256, keras_file


@dataclass(frozen=True, kw_only=True)
class Official:
    """A published file: where it is published, its sha256 (hex), and its name.

    `keras_name` is its path under Keras's `datasets` folder, `package_path` its path in a Debian
    package; empty if there is none. `content_sha256` is that of a gzipped file's
    content: Debian removes the time and the name from gzip's header, and changes nothing else.
    """

    url: str
    sha256: str
    file: str
    keras_name: str = ""
    package_path: str = ""
    content_sha256: str = ""


def obtain(official: Official, data_dir: Path | None, folder: Path) -> Path:
    """Return the file's path: in `data_dir`, of a package, in Keras's cache, or downloaded.

    Only a file with the right sha256, or the right content, is used. The download is kept in
    `folder`. Raises DownloadFailedError, WrongHashError or CacheUnwritableError.
    """
    local = [data_dir.expanduser() / official.file] if data_dir else []
    local += [Path(official.package_path)] if official.package_path else []
    for path in local:
        if file_sha256(path) == official.sha256 or _has_content(path, official.content_sha256):
            return path
    if official.keras_name:
        keras_copy = keras_file(official.keras_name, official.sha256)
        if keras_copy is not None:
            return keras_copy
    return download_archive(official.url, official.sha256, folder / official.file)


def _has_content(path: Path, sha256: str) -> bool:
    """Return whether the file is gzipped and its content has the sha256 (hex); False for ""."""
    if not sha256:
        return False
    try:
        with gzip.open(path) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest() == sha256
    except (OSError, EOFError, zlib.error):
        return False
