"""Where in a user's script something happens: the file and the line of a frame."""

import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any

from bench.worker.training_phases import CallPlace

#: Folders of installed packages, which may lie below the folder of a script.
_INSTALLED = ("site-packages", "dist-packages")


def call_place(folder: Path, method: str, model: Any) -> CallPlace | None:
    """Return the innermost line below `folder` that led to this call of a method of `model`.

    A method of the same name that the user's model overrides is passed over: the line is that of
    the call of it. None if no code below `folder` is active in this thread.
    """
    frame: FrameType | None = sys._getframe(1)
    found = None
    while frame is not None:
        if is_users(frame.f_code.co_filename, folder):
            found = found or CallPlace(frame.f_code.co_filename, frame.f_lineno)
            if not _overrides(frame, method, model):
                return CallPlace(frame.f_code.co_filename, frame.f_lineno)
        frame = frame.f_back
    return found


def _overrides(frame: FrameType, method: str, model: Any) -> bool:
    code = frame.f_code
    if code.co_name != method or not code.co_argcount:
        return False
    return frame.f_locals.get(code.co_varnames[0]) is model


def is_users(file: str, folder: Path) -> bool:
    """Return whether a file is the user's own: below `folder`, and not an installed package."""
    path = Path(file)
    return path.is_relative_to(folder) and not set(_INSTALLED).intersection(path.parts)


def error_place(error: BaseException, script: Path) -> str:
    """Return `train.py, line 12`: where in the user's files an error was raised.

    That is the innermost line of the script's folder in its traceback, or the place of a syntax
    error; only the script's name if there is none.
    """
    folder = script.parent
    lines = [(f.f_code.co_filename, line) for f, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        lines.append((error.filename, error.lineno))
    own = [(file, line) for file, line in lines if is_users(file, folder)]
    if not own:
        return script.name
    file, line = own[-1]
    return f"{Path(file).relative_to(folder)}, line {line}"
