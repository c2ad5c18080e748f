"""A script as the main program of this process, as `python train.py` would run it."""

import os
import sys
import traceback
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from bench.core.paths import CHECKOUT
from bench.core.script import Script
from bench.worker.script_place import error_place

#: Our packages whose names a user's modules may also have.
_OURS = ("data", "models")

#: The folders in which Keras keeps downloads, below its own folder.
_DOWNLOADS = ("datasets", "models")


class ScriptError(Exception):
    """A script ended without a result, for a reason that its message gives in one sentence."""


class ForkedEnd(BaseException):
    """A forked child of this process reached the end of the script, and has nothing to report."""

    def __init__(self, status: int) -> None:
        """Keep the exit status that plain Python would give the child."""
        super().__init__(status)
        self.status = status


def forget_our_modules() -> None:
    """Remove our modules from `sys.modules`, so that `import data` finds a user's own `data`.

    All of our modules that are needed later are already imported.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in _OURS:
            del sys.modules[name]


def keep_downloads() -> None:
    """Let the Keras of this process keep its downloads where plain Keras does, below `~/.keras`.

    Its own folder, in which it finds no `keras.json` of the user, lasts for one launch.
    """
    if "KERAS_HOME" not in os.environ:  # not in a launch: Keras keeps them where it always does
        return
    kept, here = Path("~/.keras").expanduser(), Path(os.environ["KERAS_HOME"])
    for name in _DOWNLOADS:
        try:
            (kept / name).mkdir(parents=True, exist_ok=True)
            (here / name).symlink_to(kept / name, target_is_directory=True)
        except OSError:  # it downloads again at each launch then
            continue


def run_as_main(script: Script) -> None:
    """Run a script as `__main__`, in its own folder, with its own arguments.

    Returns where the script ends, or calls `sys.exit` without an error. Raises ScriptError for any
    other exit and for a question to the user, ForkedEnd in a child that the script forked, and
    otherwise what the script raises.
    """
    process = os.getpid()
    try:
        _execute(script)
    except SystemExit as end:
        if os.getpid() != process:
            raise ForkedEnd(_status(end)) from end
        if end.code not in (None, 0):
            place = error_place(end, script.path)
            how = f"status {end.code}" if isinstance(end.code, int) else f"the message: {end.code}"
            raise ScriptError(f"{place}, ended the script with {how}") from end
    except EOFError as error:
        if os.getpid() == process and str(error) == "EOF when reading a line":
            place = error_place(error, script.path)
            raise ScriptError(f"{place}, asks for input, and a script here has none.") from error
        raise
    except Exception as error:
        if os.getpid() != process:
            traceback.print_exc()
            raise ForkedEnd(1) from error
        raise
    if os.getpid() != process:
        raise ForkedEnd(0)


def _execute(script: Script) -> None:
    """Run the script's code as the code of a new module `__main__`.

    Processes that `multiprocessing` spawns find the script by the `__file__` of that module.
    """
    file, folder = str(script.path), str(script.path.parent)
    code = compile(script.path.read_bytes(), file, "exec", dont_inherit=True)
    main = ModuleType("__main__")
    main.__file__, main.__loader__ = file, SourceFileLoader("__main__", file)
    main.__dict__["__builtins__"] = __builtins__
    forget_our_modules()
    sys.path[:] = [folder, *(each for each in sys.path if each != str(CHECKOUT))]
    sys.argv[:] = [file, *script.arguments]
    os.chdir(folder)
    os.environ.setdefault("MPLBACKEND", "Agg")  # a window would wait until it is closed
    ours, sys.modules["__main__"] = sys.modules["__main__"], main
    try:
        exec(code, main.__dict__)
    finally:
        sys.path.append(str(CHECKOUT))
        del ours  # the modules of this process live until here


def _status(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1
