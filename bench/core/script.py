"""The name of a script as a workload: its stand-ins, its file and its arguments."""

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.core.cell import SCRIPT, is_script
from bench.core.text import BenchError
from data.suggestion import did_you_mean

#: The batch size of Keras's `fit` for arrays, where a script gives none
#: (keras/src/trainers/data_adapters).
KERAS_BATCH_SIZE: Final = 32
#: Stands before the folder of stand-ins, as a shell writes a variable before a command.
_STAND_INS: Final = "STAND_INS="


class ScriptNameError(BenchError, ValueError):
    """A script, or its folder of stand-ins, does not exist, or a name is not that of a script."""


class Script(NamedTuple):
    """A user's script, its arguments, and the folder of what stands in for its downloads."""

    path: Path
    arguments: tuple[str, ...] = ()
    stand_ins: Path | None = None

    @property
    def workload(self) -> str:
        """The name as a workload: `script:/path/train.py --epochs 3`, quoted as for a shell.

        Stand-ins are part of it: `script:STAND_INS=/folder /path/train.py`.
        """
        stand_ins = [f"{_STAND_INS}{self.stand_ins}"] if self.stand_ins else []
        return SCRIPT + shlex.join([*stand_ins, str(self.path), *self.arguments])


def find_script(path: str, arguments: Sequence[str], stand_ins: str | None = None) -> Script:
    """Return the script in the file `path`, with absolute paths; raises ScriptNameError."""
    file, is_there = _resolve("--script", path, Path.is_file)
    if not is_there:
        near = sorted(each.name for each in file.parent.glob("*.py"))
        hint = did_you_mean(file.name, near).strip()
        end = f"; {hint}" if hint else "."
        raise ScriptNameError(f"--script is {path!r}, but the file {file} does not exist{end}")
    if stand_ins is None:
        return Script(file, tuple(arguments))
    folder, is_there = _resolve("--stand-ins", stand_ins, Path.is_dir)
    if not is_there:
        raise ScriptNameError(f"--stand-ins is {stand_ins!r}, but {folder} is not a folder.")
    return Script(file, tuple(arguments), folder)


def parse_script(workload: str) -> Script:
    """Return the script that a workload names; raises ScriptNameError for any other name."""
    words = []
    if is_script(workload):
        try:
            words = shlex.split(workload.removeprefix(SCRIPT))
        except ValueError:  # an open quotation
            words = []
    stand_ins = words.pop(0).removeprefix(_STAND_INS) if _has_stand_ins(words) else None
    if not words:
        raise ScriptNameError(f"workload is {workload!r}, which names no script.")
    return Script(Path(words[0]), tuple(words[1:]), Path(stand_ins) if stand_ins else None)


def _has_stand_ins(words: Sequence[str]) -> bool:
    return bool(words) and words[0].startswith(_STAND_INS)


def _resolve(option: str, text: str, exists: Callable[[Path], bool]) -> tuple[Path, bool]:
    """Return the absolute path and whether it `exists`."""
    try:
        path = Path(text).expanduser().resolve()
        return path, exists(path)
    except (OSError, RuntimeError, ValueError) as error:  # an unknown ~user, a null byte, too long
        why = str(error).rstrip(".")
        raise ScriptNameError(f"{option} is {text!r}, which is not a path: {why}.") from error
