"""`wget`, `curl`, `gdown`, `unzip` and `pip` for the shell commands of a script, without a network.

Executables of these names come first in PATH, so that `os.system`, `subprocess` and `!` find them.
Options are read as far as they name files; all others are ignored.
"""

import os
import shutil
import stat
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bench.worker.stand_ins.made_files import dataset_makers
from bench.worker.stand_ins.source import (
    USED_VARIABLE,
    StandInError,
    StandInSource,
    name_of_url,
    stand_ins_used,
)

_NAMES = ("wget", "curl", "gdown", "unzip", "pip")

_SCRIPT = """#!{python}
import sys
sys.path.insert(0, {checkout!r})
from bench.worker.stand_ins.commands import run_stand_in
sys.exit(run_stand_in({name!r}, sys.argv[1:], {folder!r}, {log!r}))
"""


#: The options of each command that are followed by a value, the last ones by the output's name.
_WITH_VALUE = {
    "wget": ("-P", "-t", "-U", "-O"),
    "curl": ("-H", "-A", "-d", "-X", "-o"),
    "gdown": ("--id", "-O"),
}


def add_commands(folder: Path, home: Path) -> None:
    """Put the commands first in PATH; they note what stood in where `stand_ins_used` reads it."""
    programs = home / ".stand-ins" / "bin"
    programs.mkdir(parents=True)
    log = home / ".stand-ins" / "used"
    log.touch()
    checkout = Path(__file__).resolve().parents[3]
    for name in _NAMES:
        program = programs / name
        program.write_text(
            _SCRIPT.format(
                python=sys.executable,
                checkout=str(checkout),
                name=name,
                folder=str(folder),
                log=str(log),
            )
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.environ[USED_VARIABLE] = str(log)


def run_stand_in(command: str, words: Sequence[str], folder: str, log: str) -> int:
    """Run `command`; return its exit code, 1 with a sentence where a file is missing."""
    if command == "pip":
        print(f"stand-ins: `pip {' '.join(words)}` is skipped")
        return 0
    if command == "unzip":
        return _unzip(words)
    source = StandInSource(Path(folder), dataset_makers())
    try:
        _download(command, words, source)
    except StandInError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        source.close()
        with Path(log).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in stand_ins_used())
    return 0


def _download(command: str, words: Sequence[str], source: StandInSource) -> None:
    urls, values = _split(words, _WITH_VALUE[command])
    output = values.get("-o") or values.get("-O")
    if "--id" in values:
        urls.append(values["--id"])
    for url in urls:
        found = source.find(url, Path(output or "").name)
        name = output or (found.name if command == "gdown" else name_of_url(url)) or found.name
        shutil.copyfile(found, Path(values.get("-P", ".")) / name)


def _split(words: Sequence[str], with_value: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return the arguments without a dash, and the values of the options that have one."""
    plain: list[str] = []
    values: dict[str, str] = {}
    left = iter(words)
    for word in left:
        if word in with_value:
            values[word] = next(left, "")
        elif not word.startswith("-"):
            plain.append(word)
    return plain, values


def _unzip(words: Sequence[str]) -> int:
    plain, values = _split(words, ("-d",))
    for name in plain[:1]:
        path = Path(name) if Path(name).exists() else Path(f"{name}.zip")
        if not zipfile.is_zipfile(path):
            print(f"unzip: {name} is missing or not a zip archive", file=sys.stderr)
            return 9
        with zipfile.ZipFile(path) as archive:
            archive.extractall(values.get("-d", "."))
    return 0
