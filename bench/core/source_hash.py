"""The files that a workload's builder is made of, and their hash."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from data.imports import own_files

#: Stands before a saved model whose own code may run, because the user said so.
UNSAFE: Final = "unsafe:"


def source_files(builder: str, folder: Path) -> list[Path]:
    """Return the user's file and what it imports beside it, or all of `models/` in `folder`.

    A user's builder is `/path/FILE.py:FUNCTION`, `/path/FILE.keras` or `unsafe:/path/FILE.keras`.
    """
    if builder.endswith(".keras"):
        return [Path(builder.removeprefix(UNSAFE))]
    location = builder.rpartition(":")[0]
    if location.endswith(".py"):
        return own_files(Path(location))
    return sorted((folder / "models").rglob("*.py"))


def files_sha256(paths: Sequence[Path]) -> str:
    """Return the sha256 (hex) over the files' names and contents, in order; OSError if unread."""
    total = hashlib.sha256()
    for path in paths:
        content = hashlib.sha256(path.read_bytes()).digest()
        total.update(f"{path.name}\0".encode() + content)
    return total.hexdigest()
