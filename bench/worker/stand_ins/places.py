"""Where a script looks on this machine: a home folder with caches of its own, and fixed paths."""

import builtins
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from bench.worker.stand_ins.source import note_use, record_use


def make_home(folder: Path) -> Path:
    """Return a new home folder: what the present one holds, by links, but an empty `.keras`.

    What lies in `folder/home` is copied into it: files that a script expects below `~`.
    """
    home = Path(tempfile.mkdtemp(prefix="stand-ins-home-"))
    given = folder / "home"
    if given.is_dir():
        shutil.copytree(given, home, dirs_exist_ok=True, symlinks=False)
        for place in _filled(given):
            note_use(f"~/{place.relative_to(given)}")
    (home / ".keras" / "datasets").mkdir(parents=True, exist_ok=True)
    present = Path.home()
    for entry in present.iterdir() if present.is_dir() else ():
        link = home / entry.name
        if not link.exists():
            link.symlink_to(entry)
    return home


def _filled(folder: Path) -> list[Path]:
    """Return the topmost entries below `folder` that are files or hold more than one entry."""
    entries = sorted(folder.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        return _filled(entries[0])
    return entries


def enter_home(home: Path) -> None:
    """Make `home` the home folder of this process and its children, and of Keras's caches."""
    os.environ["HOME"] = str(home)
    os.environ["KERAS_HOME"] = str(home / ".keras")


def remove_home(home: Path) -> None:
    """Delete the home folder that `make_home` made; what its links lead to stays."""
    shutil.rmtree(home, ignore_errors=True)


def open_fixed_paths(paths: dict[str, Path]) -> None:
    """Let `open` read the stand-in of each path in `paths`; all other paths are opened as ever."""
    if not paths:
        return
    original = builtins.open

    def open_stand_in(file: Any, *values: Any, **options: Any) -> Any:
        if isinstance(file, (str, os.PathLike)) and os.fspath(file) in paths:
            name = os.fspath(file)
            return original(record_use(name, paths[name]), *values, **options)
        return original(file, *values, **options)

    builtins.open = open_stand_in
