"""Absolute paths of another machine, written into a script: `open` reads a stand-in for them."""

import builtins
import os
from pathlib import Path
from typing import Any

from bench.worker.stand_ins.source import record_use


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
