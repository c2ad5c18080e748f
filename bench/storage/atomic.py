"""Files that a crash never leaves half-written: replaced completely, or appended line by line."""

import os
from pathlib import Path

from bench.core.atomic_file import replacing, sync_folder
from bench.core.serialization import DecodeError, decode_json


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` durably to `path`, whose folder must exist; raises OSError if that fails.

    It is written to a temporary file in the same folder, which is then renamed. A reader, a crash
    or a full disk therefore leaves either the former file or the complete new one.
    """
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(content)


def append_durably(path: Path, content: bytes) -> None:
    """Append `content` to the file, creating it if needed; raises OSError if that fails.

    A power cut may leave a truncated line at the end; see `set_aside_truncated_line`.
    """
    new = not path.exists()
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)


def set_aside_truncated_line(path: Path) -> bool:
    """Move the last of a file's JSON lines to `NAME.broken` in its folder if it is truncated.

    A line is truncated if it has no newline or is not valid JSON. It is appended to that file, so
    that nothing is lost. Returns whether a line was moved; raises OSError if it cannot be moved.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    begin = content.rfind(b"\n", 0, max(len(content) - 1, 0)) + 1
    last = content[begin:]
    if not last or (last.endswith(b"\n") and _is_json(last)):
        return False
    append_durably(path.with_name(f"{path.name}.broken"), last.removesuffix(b"\n") + b"\n")
    write_atomic(path, content[:begin])
    return True


def _is_json(line: bytes) -> bool:
    try:
        decode_json(line, object)
    except DecodeError:
        return False
    return True
