"""The folder that replaces the network: which file of it answers a URL, and what was replaced."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from bench.core.text import BenchError

#: What stood in so far, each once, in order: names of functions, or URLs.
used: list[str] = []

#: The variable that names the file in which shell commands note what stood in.
USED_VARIABLE = "STAND_INS_USED_LOG"

#: The bytes of a file of pretrained weights that nobody has.
RANDOM_WEIGHTS = b"stand-in: the weights stay as they were initialised"

_WEIGHTS = (".h5", ".pth", ".pt")

Maker = Callable[[Path], None]


class StandInError(BenchError):
    """The script asks for a file that the folder of stand-ins does not hold."""


class StandInSource:
    """The files of one folder by the names that a script downloads, and files made when asked for.

    `makers` write a file of the true form by its name, for well-known data that the folder lacks.
    """

    def __init__(self, folder: Path, makers: dict[str, Maker]) -> None:
        """Read the folder `folder`; StandInError unless it is one."""
        if not folder.is_dir():
            raise StandInError(f"--stand-ins {folder}: this folder does not exist")
        self.folder = folder.resolve()
        self._makers = makers
        self._names = _read_names(self.folder / "names.json")
        self._made = Path(tempfile.mkdtemp(prefix="stand-ins-made-"))

    def close(self) -> None:
        """Delete the files that were made."""
        shutil.rmtree(self._made, ignore_errors=True)

    def find(self, url: str, *names: str) -> Path:
        """Return the file that stands in for `url`: of its last component, or of one of `names`.

        The folder's `names.json` may give a URL, or an id of gdown, another name. The folder comes
        first, then what can be made, then random weights; else StandInError.
        """
        wanted = [n for n in (self._names.get(url, ""), name_of_url(url), *names) if n]
        for name in wanted:
            if (self.folder / name).is_file():
                return record_use(url, self.folder / name)
        for name in wanted:
            if name in self._makers:
                return record_use(url, self._make(name))
        for name in wanted:
            if name.endswith(_WEIGHTS):
                path = self._made / name
                path.write_bytes(RANDOM_WEIGHTS)
                return record_use(f"{url} (random weights)", path)
        expected = " or ".join(str(self.folder / name) for name in dict.fromkeys(wanted))
        raise StandInError(f"no stand-in for {url}: the file {expected or self.folder} is missing")

    def fixed_paths(self) -> dict[str, Path]:
        """Return the files of the folder that `names.json` gives for absolute paths."""
        return {
            path: self.folder / name for path, name in self._names.items() if path.startswith("/")
        }

    def _make(self, name: str) -> Path:
        path = self._made / name
        if not path.exists():
            self._makers[name](path)
        return path


def _read_names(path: Path) -> dict[str, str]:
    """Return the names by URL of `names.json`, none without the file."""
    try:
        names = json.loads(path.read_text()) if path.is_file() else {}
    except ValueError as error:
        raise StandInError(f"{path} is not JSON: {error}") from error
    if not isinstance(names, dict):
        raise StandInError(f"{path} is no mapping of URLs to names of files")
    return names


def name_of_url(url: str) -> str:
    """Return the last component of a URL's path; for a URL without one, its query."""
    parts = urlsplit(url)
    name = Path(parts.path).name
    return parts.query.partition("=")[2] or name if name in {"uc", ""} else name


def record_use(what: str, path: Path) -> Path:
    """Return `path`, and note that it stood in for `what`."""
    note_use(what)
    return path


def stand_ins_used() -> list[str]:
    """Return what stood in so far, in this process and in the shell commands that it started."""
    log = Path(os.environ.get(USED_VARIABLE, ""))
    if log.is_file():
        for line in log.read_text(encoding="utf-8").splitlines():
            note_use(line)
    return list(used)


def note_use(what: str) -> None:
    """Note that a stand-in for `what` was used."""
    if what not in used:
        used.append(what)


def is_random_weights(path: str | os.PathLike[str]) -> bool:
    """Return whether the file is the stand-in for pretrained weights."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(RANDOM_WEIGHTS) + 1) == RANDOM_WEIGHTS
    except (OSError, TypeError):
        return False
