"""Files that a crash never leaves half-written: replaced as a whole, or grown line by line."""

import os
from pathlib import Path

from bench.core.atomic_file import replacing, sync_folder
from bench.core.serialization import DecodeError, decode_json


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` durably to `path`, whose folder is there; OSError when that is impossible.

    It is written beside its place and then renamed, so that a reader, a crash or a full disk never
    leaves or sees half of it: either the former file stands there or the new one.
    """
    with replacing(path, durable=True) as temporary:
        temporary.write_bytes(content)


def append_durably(path: Path, content: bytes) -> None:
    """Append `content` to the file, which is made when there is none; OSError says why not.

    A power cut may leave a part of it at the end: see `set_aside_truncated_line`.
    """
    new = not path.exists()
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if new:
        sync_folder(path.parent)


def set_aside_truncated_line(path: Path) -> bool:
    """Move the last of a file's JSON lines, if it is torn, to the end of `NAME.broken` beside it.

    Torn is a line that does not end or is no JSON. Return whether one was moved, so that nothing of
    it is lost; OSError when that is impossible.
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
