"""What the stand-ins of `wget`, `curl`, `gdown`, `unzip` and `pip` do, in a process of their own.

Options are read as far as they name files; all others are ignored.
"""

import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bench.worker.stand_ins import source as sources
from bench.worker.stand_ins.made_files import dataset_makers
from bench.worker.stand_ins.source import StandInError, StandInSource, file_name

#: The options of each command that are followed by a value, the last ones by the output's name.
_WITH_VALUE = {
    "wget": ("-P", "-t", "-U", "-O"),
    "curl": ("-H", "-A", "-d", "-X", "-o"),
    "gdown": ("--id", "-O"),
}


def main(command: str, words: Sequence[str], folder: str, log: str) -> int:
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
            file.writelines(f"{line}\n" for line in sources.used)
    return 0


def _download(command: str, words: Sequence[str], source: StandInSource) -> None:
    urls, values = _split(words, _WITH_VALUE[command])
    output = values.get("-o") or values.get("-O")
    if "--id" in values:
        urls.append(values["--id"])
    for url in urls:
        found = source.find(url, Path(output or "").name)
        name = output or (found.name if command == "gdown" else file_name(url)) or found.name
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
