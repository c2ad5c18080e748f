"""The folder in which one example runs: its script, its stand-ins, what its shell cells leave."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from validation.keras_examples.catalogue import Example

#: A cell of shell commands in the notebook from which the script was made.
_SHELL_CELL = re.compile(r'^"""shell\n(.*?)^"""', re.MULTILINE | re.DOTALL)


def lay_out(example: Example, stand_ins: Path, folder: Path) -> tuple[Path, Path]:
    """Make `folder` anew; return the copy of the script and the stand-ins that it will use.

    Stand-ins are the files of `common` and of the example's own folder, which wins; what lies in
    its `work` is copied beside the script, unchanged otherwise.
    """
    shutil.rmtree(folder, ignore_errors=True)
    work, merged = folder / "work", folder / "stand-ins"
    work.mkdir(parents=True)
    merged.mkdir()
    for place in (stand_ins / "common", stand_ins / example.short):
        for entry in place.iterdir() if place.is_dir() else ():
            if entry.name != "root":
                _lay(entry, work if entry.name == "work" else merged)
    script = work / example.path.name
    shutil.copyfile(example.path, script)
    return script, merged


def _lay(entry: Path, target: Path) -> None:
    if entry.is_dir():
        place = target if entry.name == "work" else target / entry.name
        shutil.copytree(entry, place, dirs_exist_ok=True)
    else:
        shutil.copyfile(entry, target / entry.name)


@contextmanager
def laid_into_root(files: Path) -> Iterator[None]:
    """Lay `files`, if there are any, into `/` for a script that names such paths.

    Afterwards every entry of `/` that did not exist before is deleted.
    """
    if not files.is_dir():
        yield
        return
    root = Path("/")
    before = set(root.iterdir())
    try:
        for entry in files.iterdir():
            if root / entry.name not in before:
                shutil.copytree(entry, root / entry.name)
        yield
    finally:
        for entry in set(root.iterdir()) - before:
            shutil.rmtree(entry, ignore_errors=True)


def shell_cells(text: str) -> list[str]:
    """Return the shell commands of each cell, without a notebook's exclamation marks."""
    return [re.sub(r"^!", "", cell, flags=re.MULTILINE) for cell in _SHELL_CELL.findall(text)]


def run_shell_cells(script: Path, stand_ins: Path, log: Path) -> list[str]:
    """Run the script's shell cells in its folder, as its reader would; return what stood in.

    The commands are those of the stand-ins. A cell that fails is left to the script to notice.
    """
    cells = shell_cells(script.read_text())
    if not cells:
        return []
    command = [sys.executable, "-m", "validation.keras_examples.folder", str(stand_ins)]
    with log.open("a") as output:
        for cell in cells:
            subprocess.run(
                [*command, cell],
                cwd=script.parent,
                env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
    return [f"{len(cells)} shell cells run beforehand"]


def _run_cell(stand_ins: Path, cell: str) -> None:
    from bench.worker.stand_ins.commands import add_commands
    from bench.worker.stand_ins.places import enter_home, make_home, remove_home

    home = make_home(stand_ins)
    enter_home(home)
    add_commands(stand_ins, home)
    try:
        subprocess.run(["bash", "-c", cell], check=False)
    finally:
        remove_home(home)


if __name__ == "__main__":
    _run_cell(Path(sys.argv[1]), sys.argv[2])
