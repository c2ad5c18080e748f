"""Downloading the official archive into the cache, verified by its sha256."""

import sys
from pathlib import Path

from data.errors import DownloadFailedError, WrongHashError
from data.prepared_folder import writing_to

_TIMEOUT_SECONDS = 30
_CHUNK_BYTES = 2**20


def download_archive(url: str, sha256: str, path: Path) -> Path:
    """Return `path`, downloaded from `url` unless a file with that sha256 is already there.

    The caller holds the dataset's lock. There is never a file with another sha256 at `path`;
    after any failure the next call downloads again. Raises DownloadFailedError without a network or
    on an HTTP error, WrongHashError, CacheUnwritableError.
    """
    # Imported here, because they cost 0.2 s, which other datasets need not spend.
    import pooch
    from requests.exceptions import RequestException

    with writing_to(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        for leftover in path.parent.glob("tmp*"):  # of a process that was killed
            leftover.unlink()
        # The default chunk of 1 KiB is flushed 166,000 times for this archive.
        downloader = pooch.HTTPDownloader(
            progressbar=sys.stderr.isatty(), chunk_size=_CHUNK_BYTES, timeout=_TIMEOUT_SECONDS
        )
        try:
            pooch.retrieve(url, sha256, path.name, path.parent, downloader=downloader)
        except (RequestException, ConnectionError, TimeoutError) as error:
            raise DownloadFailedError(
                f"{url} could not be downloaded ({_reason(error)}); check the network, or give a "
                f"folder that holds {path.name} with --data-dir or KERAS_BENCH_DATA."
            ) from error
        except ValueError as error:  # pooch's answer to another hash; it has removed the file
            raise WrongHashError(
                f"The file downloaded from {url} does not have the sha256 {sha256} of the "
                "official archive and was removed; try again, or use --data-dir or "
                "KERAS_BENCH_DATA."
            ) from error
    return path


def _reason(error: Exception) -> str:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return type(error).__name__ if status is None else f"HTTP status {status}"
